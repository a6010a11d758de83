"""Small checkpoints and their graphs, made once a session; and small folders of pictures.

Without torch, the tests of the conversion are not collected.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from runtime.artefacts.manifest import ModelsManifest
from tests.export.index.small_library import PHOTOS, draw_many

if TYPE_CHECKING:
    from export.precision.calibration_set import CalibrationSet

CONVERSION_TESTS = [
    "models/test_blip.py",
    "models/test_blip_positions.py",
    "models/test_checkpoints.py",
    "models/test_clip.py",
    "models/test_export.py",
    "models/test_failures.py",
    "models/test_families.py",
    "models/test_hub.py",
    "models/test_onnx_graph.py",
    "precision/test_outliers.py",
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
def calibration() -> "CalibrationSet":
    """A calibration set that is drawn quickly."""
    from export.precision.calibration_set import draw_calibration_set

    return draw_calibration_set(12)


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, clip_folder: Path, blip_folder: Path, calibration: "CalibrationSet"
) -> dict[str, tuple[Path, ModelsManifest]]:
    """Both small checkpoints exported, by precision: the folder of artefacts and its manifest. int8 need not be good."""
    from export.models.export import ExportOptions, PrecisionMode, export_models
    from export.precision.gates import Gates

    root = tmp_path_factory.mktemp("exported")
    no_gates = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)
    made: dict[str, tuple[Path, ModelsManifest]] = {}
    for precision in get_args(PrecisionMode):
        gates = no_gates if precision == "int8" else Gates()
        options = ExportOptions(precision=precision, gates=gates, calibration=calibration)
        folder = root / precision
        made[precision] = folder, export_models(str(clip_folder), str(blip_folder), folder, options=options)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The pictures `PHOTOS`, old enough that their times are trusted."""
    folder = draw_many(tmp_path / "photos", PHOTOS)
    for name in PHOTOS:
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where an index is to be, not there yet."""
    return tmp_path / "artefacts" / "index"
