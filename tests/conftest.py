"""What all tests share: a folder to run in, the real photos and vocabularies beside the checkout, the sample library."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.isolation import forget_settings, let_children_hear_signals, link_checkout

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def pytest_configure() -> None:
    """Leave out what surrounds the tests, before any is read."""
    let_children_hear_signals()
    forget_settings()


@pytest.fixture(scope="session", autouse=True)
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the tests and the processes that they start run in: the project without a developer's own files."""
    folder = link_checkout(ROOT, tmp_path_factory.mktemp("checkout"))
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    """The 50 real photos with `captions.jsonl`; the test is skipped where they are absent."""
    photos = SHARED / "photos"
    if not photos.is_dir():
        pytest.skip("the shared folder of real photos is not beside this checkout")
    return photos


@pytest.fixture(scope="session")
def shared_vocabularies() -> Path:
    """The vocabularies of the full-size models; the test is skipped where they are absent."""
    vocabularies = SHARED / "vocab"
    if not vocabularies.is_dir():
        pytest.skip("the shared folder of vocabularies is not beside this checkout")
    return vocabularies


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> "SampleLibrary":
    """A small library of storybook scenes, indexed with the committed sample models."""
    from tests.sample_library import build_sample_library

    return build_sample_library(tmp_path_factory.mktemp("sample"))
