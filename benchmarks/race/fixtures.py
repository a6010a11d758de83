"""The ground: everything that the race needs, from the checkpoints on. Models and graphs that are there stay.

Each step runs in a process of its own, so that no heat starts from a process that holds torch.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.full_size.benchmark import SHAPES
from benchmarks.full_size.steps import export_form, save_checkpoint
from benchmarks.measure.own_process import alone
from benchmarks.race.schedule import ROOT, HeatFailed
from benchmarks.race.workload import Course, pictures_in
from runtime.artefacts.manifest import MANIFEST_NAME

FEW = 8  # captions take the seed seconds each; with fewer, what a build costs whatever its size would count for much


@dataclass(frozen=True)
class Folders:
    """Where things are and are to be.

    `full_size` holds, or gets, the checkpoints and their int8 export; `out` gets the rest. `photos` may be absent: then
    scenes are drawn.
    """

    full_size: Path
    out: Path
    photos: Path | None
    pictures: int
    small: bool = False


def make_ground(folders: Folders, console: Console) -> Course:
    """Make what is not there yet, and return the course."""
    full, out = folders.full_size.absolute(), folders.out.absolute()
    course = Course(
        clip=full / "clip-checkpoint",
        blip=full / "blip-checkpoint",
        models=full / "models",
        plain=out / f"plain-{full.name}",
        pictures=out / "pictures",
        few=out / "few",
        one=out / "one",
        seed_index=out / "seed-index",
        our_index=out / "our-index",
    )
    out.mkdir(parents=True, exist_ok=True)
    _make_models(course, folders.small, console)
    _make_pictures(course, folders)
    _make_indexes(course, console)
    return course


def _make_models(course: Course, small: bool, console: Console) -> None:
    for shape, folder in zip(SHAPES[small], (course.clip, course.blip), strict=True):
        if not (folder / "model.safetensors").exists():
            console.print(f"Making a checkpoint with random weights: {shape}")
            alone(save_checkpoint, shape, folder, "plain")
    if not (course.models / MANIFEST_NAME).exists():
        console.print("Exporting both as Lookwhy does, in int8")
        alone(export_form, course.clip, course.blip, course.models, "int8")
    if not course.plain.exists():
        console.print("Exporting both as plain fp32 graphs")
        alone(_export_plain, course)


def _make_pictures(course: Course, folders: Folders) -> None:
    """Lay out the library and its two excerpts anew: another run may have had other pictures."""
    for folder in (course.pictures, course.few, course.one):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    if folders.photos:
        _copy(pictures_in(folders.photos)[: folders.pictures], course.pictures)
    else:
        _run_export("storybook", "draw", course.pictures, "--count", folders.pictures)
    for folder, count in ((course.few, FEW), (course.one, 1)):
        _copy(pictures_in(course.pictures)[-count:], folder)


def _make_indexes(course: Course, console: Console) -> None:
    console.print("The seed embeds the library")
    alone(_index_as_the_seed, course)
    console.print("Lookwhy embeds and captions it, unless it has done so before")
    _run_export("index", course.pictures, "--models", course.models, "--out", course.our_index)


def _run_export(*arguments: object) -> None:
    command = [sys.executable, "-m", "export", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HeatFailed(" ".join(map(str, arguments)), done.stderr)


def _export_plain(course: Course) -> None:
    from benchmarks.race.plain_onnx_export import export_plain

    export_plain(course.clip, course.blip, course.plain)


def _index_as_the_seed(course: Course) -> None:
    from benchmarks.race.seed_project import Seed

    Seed(course, captions=False).index(course.pictures, course.seed_index, captions=False)


def _copy(pictures: Sequence[Path], folder: Path) -> None:
    for picture in pictures:
        shutil.copy(picture, folder)
