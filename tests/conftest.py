"""What all tests share: a folder to run in, the real photos and vocabularies beside the checkout, the sample library."""

import contextlib
import gc
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.isolation import forget_settings, let_children_hear_signals, link_checkout

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
HAS_TORCH = all(find_spec(name) for name in ("torch", "transformers", "optimum"))
ALL_NEED_TORCH = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.torch\b", re.MULTILINE)

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# Of torch and of numpy, here and in every process that a test starts: beside another worker on two CPUs, threads of small
# products only wait for one another, 2 ms a product.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure() -> None:
    """Leave out what surrounds the tests, before any is read."""
    let_children_hear_signals()
    forget_settings()


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was imported: torch's modules alone take it 0.3 s each time."""
    gc.collect()
    gc.freeze()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without torch, modules whose every test is marked `torch` are not imported, as they import it."""
    if HAS_TORCH or collection_path.suffix != ".py":
        return None
    return True if ALL_NEED_TORCH.search(collection_path.read_text("utf-8")) else None


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
    from tests.sample_library import build_sample_library, sample_library_in
    from tests.workers import made_once

    return sample_library_in(made_once(tmp_path_factory, "sample", build_sample_library))
