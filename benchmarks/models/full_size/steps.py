"""The steps of the full-size benchmark. Each can run in its own process, so that its memory is measured by itself.

Owns what is measured and how. Which steps are run, and on what, `benchmark.py` decides.
"""

import random
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console

from benchmarks.measure.timing import duration_ms
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.onnx_session import Session

if TYPE_CHECKING:
    from benchmarks.models.checkpoints.outliers import Edit
    from benchmarks.models.checkpoints.random_checkpoints import ShapeName
    from export.models.export import PrecisionMode
    from export.precision.calibration_set import CalibrationSet
    from export.precision.gates import Measures

WeightKind = Literal["plain", "norm outliers", "all other outliers"]
SEED = 5_000_011  # used by no other draw of scenes
PICTURES = 64


@dataclass(frozen=True, slots=True)
class ExportCost:
    """Time and memory of an export, and the message of the gate that it missed, or ""."""

    seconds: float
    peak_mb: float
    missed: str = ""


def save_checkpoint(shape: "ShapeName", folder: Path, kind: WeightKind) -> None:
    """Save a checkpoint with this kind of weights."""
    from benchmarks.models.checkpoints.outliers import (
        add_residual_outliers,
        add_token_outliers,
        draw_heavy_tails,
        scale_norm_channels,
    )
    from benchmarks.models.checkpoints.random_checkpoints import save_random_checkpoint
    from export.models.onnx_graph import quiet

    edits: dict[WeightKind, tuple[Edit, ...]] = {
        "plain": (),
        "norm outliers": (scale_norm_channels,),
        "all other outliers": (draw_heavy_tails, add_residual_outliers, add_token_outliers),
    }
    with quiet():
        save_random_checkpoint(shape, folder, *edits[kind])


def export_form(clip: Path, blip: Path, out: Path, form: "PrecisionMode") -> ExportCost:
    """Export both checkpoints, and return the cost. For int8 throughout the gates are open, so that it can be measured."""
    from export.console import TerminalDisplay
    from export.models.export import ExportOptions, export_models
    from export.precision.gates import GateMissed, Gates

    open_gates = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)
    options = ExportOptions(precision=form, gates=open_gates if form == "int8" else Gates())
    start, missed = time.perf_counter(), ""
    try:
        export_models(str(clip), str(blip), out, options=options, display=TerminalDisplay(Console()))
    except GateMissed as miss:
        missed = str(miss)
    return ExportCost(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, missed)


def time_opening(folder: Path, graphs: Sequence[str]) -> dict[str, float]:
    """Return how long onnxruntime takes to open each graph, in ms, without its import."""
    import onnxruntime  # noqa: F401 (imported before the clock starts)

    times = {}
    for graph in graphs:
        times[graph] = duration_ms(partial(Session, folder / graph, 1))
    return times


def measure_forms(exact: Path, others: Sequence[Path], photos: Path | None) -> "list[Measures]":
    """Return how closely each folder's graphs follow the fp32 ones, on pictures that no precision plan was made on."""
    from export.console import TerminalDisplay
    from export.precision.calibration_set import read_calibration_set
    from export.precision.gate_measures import BlipGateMeasure, ClipGateMeasure

    pictures = read_calibration_set(photos, TerminalDisplay(Console())) if photos else _draw_pictures()
    manifest = read_models_manifest(exact)
    clip = ClipGateMeasure(exact, manifest.clip, pictures, 2)
    kept = [clip.evaluate(folder).measures for folder in others]
    if manifest.blip:
        blip = BlipGateMeasure(exact, manifest.blip, pictures, 2)
        kept = [measures | blip.evaluate(folder).measures for measures, folder in zip(kept, others, strict=True)]
    return kept


def _draw_pictures() -> "CalibrationSet":
    from export.precision.calibration_set import QUERIES, CalibrationSet
    from export.storybook.captions import exact_caption
    from export.storybook.drawing import draw_scene
    from export.storybook.folder import DrawingOptions as Scenes

    scenes = Scenes(PICTURES, SEED).scenes()
    images = [draw_scene(scene, random.Random(f"{SEED}:{number}")).image for number, scene in enumerate(scenes)]
    return CalibrationSet(images, [*QUERIES, *map(exact_caption, scenes)], f"{PICTURES} drawn scenes")
