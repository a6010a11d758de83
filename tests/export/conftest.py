"""Small checkpoints and their graphs, made once a session. Without torch, the tests of the conversion are not collected."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from runtime.manifest import ModelsManifest

CONVERSION_TESTS = [
    "test_blip.py",
    "test_checkpoints.py",
    "test_clip.py",
    "test_graphs.py",
    "test_models.py",
    "test_quantize.py",
]
collect_ignore = [] if find_spec("torch") and find_spec("optimum") else CONVERSION_TESTS


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP checkpoint with quick_gelu."""
    from tests.export.small_checkpoints import save_clip

    folder = tmp_path_factory.mktemp("checkpoints") / "small-clip"
    save_clip(folder)
    return folder


@pytest.fixture(scope="session")
def blip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BLIP checkpoint with gelu."""
    from tests.export.small_checkpoints import save_blip

    folder = tmp_path_factory.mktemp("checkpoints") / "small-blip"
    save_blip(folder)
    return folder


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, clip_folder: Path, blip_folder: Path
) -> dict[str, tuple[Path, ModelsManifest]]:
    """Both small checkpoints exported, by precision: the folder of artefacts and its manifest."""
    from export.models import export_models
    from export.quantize import PRECISIONS

    root = tmp_path_factory.mktemp("exported")
    made: dict[str, tuple[Path, ModelsManifest]] = {}
    for precision in PRECISIONS:
        out = root / precision
        made[precision] = out, export_models(str(clip_folder), str(blip_folder), out, precision=precision)
    return made
