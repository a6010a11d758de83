"""The benchmark's fixtures: checkpoints, exported models, pictures and indexes. Existing models and graphs are kept.

All that needs torch is made in one process of its own, so that no run is started from a process that has torch in memory.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import ROOT
from benchmarks.measure.own_process import run_in_own_process
from benchmarks.models.full_size.benchmark import SHAPES
from benchmarks.models.full_size.steps import export_form, save_checkpoint
from benchmarks.race.schedule import RunFailed
from benchmarks.race.workload import Workload, pictures_in
from runtime.artefacts.manifest import MANIFEST_NAME

FEW_PICTURES = 8  # the seed project takes seconds a caption; with fewer, a build's fixed costs would dominate


@dataclass(frozen=True)
class FixtureFolders:
    """Where the fixtures are.

    `full_size` holds the checkpoints and their int8 export; `out` everything else. Without `photos`, scenes are drawn.
    """

    full_size: Path
    out: Path
    photos: Path | None
    pictures: int
    small: bool = False


def prepare_workload(folders: FixtureFolders, console: Console) -> Workload:
    """Make the fixtures that are absent, and return the workload over them."""
    full, out = folders.full_size.absolute(), folders.out.absolute()
    workload = Workload(
        clip=full / "clip-checkpoint",
        blip=full / "blip-checkpoint",
        models=full / "models",
        plain=out / f"plain-{full.name}",
        pictures=out / "pictures",
        few_pictures=out / "few",
        one_picture=out / "one",
        seed_index=out / "seed-index",
        lookwhy_index=out / "lookwhy-index",
    )
    out.mkdir(parents=True, exist_ok=True)
    _make_pictures(workload, folders)
    run_in_own_process(_make_with_torch, workload, folders.small)
    console.print("Indexing it with captions as Lookwhy does, unless that index exists")
    _run_export("index", workload.pictures, "--models", workload.models, "--out", workload.lookwhy_index)
    return workload


def _make_with_torch(workload: Workload, small: bool) -> None:
    """Make the checkpoints and graphs that are absent, and the seed project's index."""
    from benchmarks.race.plain_onnx_export import export_plain
    from benchmarks.race.seed_project import SeedProject

    console = Console()
    for shape, folder in zip(SHAPES[small], (workload.clip, workload.blip), strict=True):
        if not (folder / "model.safetensors").exists():
            console.print(f"Making a checkpoint with random weights: {shape}")
            save_checkpoint(shape, folder, "plain")
    if not (workload.models / MANIFEST_NAME).exists():
        console.print("Exporting both as Lookwhy does, in int8")
        export_form(workload.clip, workload.blip, workload.models, "int8")
    if not workload.plain.exists():
        console.print("Exporting both as plain fp32 graphs")
        export_plain(workload.clip, workload.blip, workload.plain)
    console.print("Indexing the library as the seed project does")
    SeedProject(workload, captions=False).index(workload.pictures, workload.seed_index, captions=False)


def _make_pictures(workload: Workload, folders: FixtureFolders) -> None:
    """Copy the library and its two subsets again: an earlier run may have had other pictures."""
    for folder in (workload.pictures, workload.few_pictures, workload.one_picture):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    if folders.photos:
        _copy(pictures_in(folders.photos)[: folders.pictures], workload.pictures)
    else:
        _run_export("storybook", "draw", workload.pictures, "--count", folders.pictures)
    for folder, count in ((workload.few_pictures, FEW_PICTURES), (workload.one_picture, 1)):
        _copy(pictures_in(workload.pictures)[-count:], folder)


def _run_export(*arguments: object) -> None:
    command = [sys.executable, "-m", "export", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunFailed(" ".join(map(str, arguments)), done.stderr)


def _copy(pictures: Sequence[Path], folder: Path) -> None:
    for picture in pictures:
        shutil.copy(picture, folder)
