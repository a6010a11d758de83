"""What the tests share: the folder of real photos and vocabularies, where it lies beside the checkout."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

os.environ["ORT_DISABLE_TELEMETRY"] = "1"


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
