"""The image, built once from the Dockerfile as it is, and the containers that the tests start from it.

Slow, as root, and over the network: only `make container-test` collects this folder.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.deploy.container.image import build_image
from tests.deploy.container.podman import Container, publish, start
from tests.sample_library import SampleLibrary, build_sample_library

collect_ignore_glob = [] if os.environ.get("CONTAINER_TEST") else ["test_*.py"]

WORK = ROOT / "artifacts" / "container"
ASK = Path(__file__).with_name("ask.py")


@pytest.fixture(scope="session")
def library() -> SampleLibrary:
    """A sample library inside the checkout, as only what lies there can be baked in."""
    shutil.rmtree(WORK, ignore_errors=True)
    return build_sample_library(WORK / "library")


@pytest.fixture(scope="session")
def lean_image() -> str:
    """The image as it comes: the sample models, no index, no pictures."""
    return build_image("lookwhy-lean", {})


@pytest.fixture(scope="session")
def baked(library: SampleLibrary) -> Mapping[str, str]:
    """The build arguments that put the library into the image."""
    return {"INDEX": str(library.index.relative_to(ROOT)), "IMAGES": str(library.images.relative_to(ROOT))}


@pytest.fixture(scope="session")
def full_image(baked: Mapping[str, str]) -> str:
    """The image with the library in it; it shares most layers with the lean one."""
    return build_image("lookwhy-full", baked)


@pytest.fixture
def started() -> Iterator[Callable[..., Container]]:
    """What starts containers, as `podman.start` does, or `podman.publish` with a port; they are removed at the end."""
    containers: list[Container] = []

    def start_one(image: str, *command: str, port: int | None = None, **options: Any) -> Container:
        options["volumes"] = {ASK: "/ask.py", **options.get("volumes", {})}
        started = start(image, *command, **options) if port is None else publish(image, *command, port=port, **options)
        containers.append(started)
        return started

    yield start_one
    for container in containers:
        container.remove()
