"""What the function's tests share: one with the sample library, and a server that plays S3 and Secrets Manager."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deploy.cloud import Cloud, cloud_served
from tests.deploy.emulator import Emulator, emulated
from tests.deploy.published import Published, publish_sample, publish_sample_as_before

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary


@pytest.fixture(scope="session")
def function(sample_library: "SampleLibrary", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The function as it is deployed with models, index and pictures in its image."""
    with emulated(sample_library.environment, tmp_path_factory.mktemp("function") / "log") as emulator:
        yield emulator


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where an emulator of the test's own writes its log."""
    return tmp_path / "log"


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """S3 and Secrets Manager, with nothing in them."""
    with cloud_served() as served:
        yield served


@pytest.fixture(scope="session")
def published(cloud: Cloud, sample_library: "SampleLibrary") -> Published:
    """The sample library in a bucket, published by the project's own code."""
    return publish_sample(cloud, sample_library, "lookwhy-sample")


@pytest.fixture(scope="session")
def published_before(cloud: Cloud, sample_library: "SampleLibrary") -> Published:
    """The sample library in a bucket, as versions before releases published it."""
    return publish_sample_as_before(cloud, sample_library, "lookwhy-sample-before")
