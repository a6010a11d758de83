"""A small checkpoint and the graphs of both, made once a session."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from runtime.artefacts.manifest import ModelsManifest, read_models_manifest
from tests.workers import made_once

if TYPE_CHECKING:
    from export.precision.calibration_set import CalibrationSet


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

    precisions = get_args(PrecisionMode)
    no_gates = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)

    def export_all(root: Path) -> None:
        for precision in precisions:
            gates = no_gates if precision == "int8" else Gates()
            options = ExportOptions(precision=precision, gates=gates, calibration=calibration, threads=1)
            export_models(str(clip_folder), str(blip_folder), root / precision, options=options)

    root = made_once(tmp_path_factory, "exported", export_all)
    return {precision: (root / precision, read_models_manifest(root / precision)) for precision in precisions}
