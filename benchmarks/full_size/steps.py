"""The steps of the full-size benchmark, each made to run in a process of its own: what it costs is then its own, too.

Owns what is measured and how. Which steps there are, and the table of their figures, `full_size.py` decides.
"""

import random
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console

from runtime.artefacts.manifest import read_models_manifest
from runtime.models.onnx_session import Session

if TYPE_CHECKING:
    from benchmarks.checkpoints.outliers import Edit
    from benchmarks.checkpoints.random_checkpoints import Shape
    from export.models.export import Form
    from export.precision.calibration_set import Calibration
    from export.precision.gates import Measures

Kind = Literal["plain", "norm outliers", "all other outliers"]
SEED = 5_000_011  # neither calibration nor any album draws from it
PICTURES = 64


@dataclass(frozen=True, slots=True)
class Cost:
    """What an export took, and the gate it missed or ""."""

    seconds: float
    peak_mb: float
    missed: str = ""


def save_checkpoint(shape: "Shape", folder: Path, kind: Kind) -> None:
    """Save a stand-in with a kind of outliers."""
    from benchmarks.checkpoints.outliers import (
        add_residual_outliers,
        add_token_outliers,
        draw_heavy_tails,
        scale_norm_channels,
    )
    from benchmarks.checkpoints.random_checkpoints import save_stand_in
    from export.models.onnx_graph import quiet

    edits: dict[Kind, tuple[Edit, ...]] = {
        "plain": (),
        "norm outliers": (scale_norm_channels,),
        "all other outliers": (draw_heavy_tails, add_residual_outliers, add_token_outliers),
    }
    with quiet():
        save_stand_in(shape, folder, *edits[kind])


def export_form(clip: Path, blip: Path, out: Path, form: "Form") -> Cost:
    """Export both checkpoints, and return the cost. Naive int8 is let through every gate, to be measured."""
    from export.console import Terminal
    from export.errors import GateMissed
    from export.models.export import Order, export_models
    from export.precision.gates import Gates

    let_through = Gates(cosine_mean=0, cosine_worst=0, overlap_at_10=0, token_agreement=0)
    order = Order(form=form, gates=let_through if form == "int8" else Gates())
    start, missed = time.perf_counter(), ""
    try:
        export_models(str(clip), str(blip), out, order=order, display=Terminal(Console()))
    except GateMissed as miss:
        missed = str(miss)
    return Cost(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, missed)


def time_openings(folder: Path, graphs: Sequence[str]) -> dict[str, float]:
    """Return how long onnxruntime takes to open each graph, in ms; its import is not counted."""
    import onnxruntime  # noqa: F401 (so that it is not timed)

    times = {}
    for graph in graphs:
        start = time.perf_counter()
        Session(folder / graph, 1)
        times[graph] = (time.perf_counter() - start) * 1e3
    return times


def judge_forms(exact: Path, others: Sequence[Path], photos: Path | None) -> "list[Measures]":
    """Return what each folder's graphs kept of the exact ones, on pictures that no plan was made on."""
    from export.console import Terminal
    from export.precision.calibration_set import read_calibration
    from export.precision.gate_measures import BlipExam, ClipExam

    pictures = read_calibration(photos, Terminal(Console())) if photos else _draw_pictures()
    manifest = read_models_manifest(exact)
    clip = ClipExam(exact, manifest.clip, pictures, 2)
    kept = [clip.judge(folder).measures for folder in others]
    if manifest.blip:
        blip = BlipExam(exact, manifest.blip, pictures, 2)
        kept = [measures | blip.judge(folder).measures for measures, folder in zip(kept, others, strict=True)]
    return kept


def _draw_pictures() -> "Calibration":
    from export.precision.calibration_set import QUERIES, Calibration
    from export.storybook.captions import exact_caption
    from export.storybook.drawing import draw_scene
    from export.storybook.folder import Order as Scenes

    scenes = Scenes(PICTURES, SEED).scenes()
    images = [draw_scene(scene, random.Random(f"{SEED}:{number}")).image for number, scene in enumerate(scenes)]
    return Calibration(images, [*QUERIES, *map(exact_caption, scenes)], f"{PICTURES} drawn scenes")
