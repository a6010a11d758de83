"""Captions by several exports of one model, in turns: python -m benchmarks.captions.captioners BEFORE AFTER [...]

Each folder is one that `export models` wrote. One thread, by its CPU time, so that other work on the machine matters less.
All captions have `TOKENS` tokens: the values of weights do not matter. The last rows compare captions: of these, random
weights tell less than the gates of an export do.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks import ROOT
from benchmarks.measure.memory import status_bytes
from benchmarks.measure.own_process import run_in_own_process
from benchmarks.race.workload import pictures_in
from runtime.artefacts.manifest import read_models_manifest
from runtime.images import open_image
from runtime.models.blip import BlipCaptioner, Tensors
from runtime.terminal import told_errors

PHOTOS = ROOT.parent / "shared" / "photos"
NO_TOKEN = -1  # as the end of captions: they end at `TOKENS` alone
PICTURES, TOKENS = 5, 12
Times = Mapping[str, Mapping[Path, float]]  # median ms by what was done, then by folder


def main(
    models: Annotated[list[Path], typer.Argument(help="Folders that `python -m export models` wrote; the first is 1.")],
    photos: Annotated[Path, typer.Option(help="A folder with five pictures at least.")] = PHOTOS,
    rounds: Annotated[int, typer.Option(min=1, help="Counted runs of each; one more is not counted.")] = 7,
) -> None:
    """Print a Markdown table: CPU milliseconds, and in brackets how many times faster than the first folder's."""
    with told_errors():
        captioners = {folder: open_captioner(folder) for folder in models}
        images = [open_image(path, path.name) for path in pictures_in(photos)[:PICTURES]]
        pixels = np.stack([captioners[models[0]].prepare(image) for image in images])
        times, counts = time_captioners(captioners, pixels, rounds), compare_captions(captioners, pixels)
        counts["peak of five at once in a process of its own, MB"] = [
            run_in_own_process(measure_peak_mb, folder, pixels) for folder in models
        ]
        Console(highlight=False).print(to_markdown(models, times, counts), soft_wrap=True, markup=False)


def open_captioner(folder: Path) -> BlipCaptioner:
    """Return the captioner of exported models, whose captions all have `TOKENS` tokens."""
    record = read_models_manifest(folder).blip
    if record is None:
        raise typer.BadParameter(f"{folder} holds no captioner")
    return BlipCaptioner(folder, record.model_copy(update={"max_tokens": TOKENS, "end_token_id": NO_TOKEN}))


def time_captioners(captioners: Mapping[Path, BlipCaptioner], pixels: NDArray[np.float32], rounds: int) -> Times:
    """Return what each part of captioning takes, and five captions in all."""
    seen = {folder: captioner.see(pixels) for folder, captioner in captioners.items()}
    parts: dict[str, Callable[[Path], Callable[[], object]]] = {
        "see one picture": lambda folder: partial(captioners[folder].see, pixels[:1]),
        "decode one": lambda folder: _decode(captioners[folder], seen[folder], 1),
        "decode two": lambda folder: _decode(captioners[folder], seen[folder], 2),
        "decode five": lambda folder: _decode(captioners[folder], seen[folder], PICTURES),
        "five captions at once": lambda folder: partial(captioners[folder].caption_pixels, pixels),
        "five captions, one by one": lambda folder: lambda: [captioners[folder].caption_pixels(one[None]) for one in pixels],
    }
    return {part: _median_cpu_ms(captioners, prepare, rounds) for part, prepare in parts.items()}


def compare_captions(captioners: Mapping[Path, BlipCaptioner], pixels: NDArray[np.float32]) -> dict[str, list[int]]:
    """Return how many of five captions are the first folder's, and how many are the same alone as in a batch."""
    alone = [_captions(captioner, [one[None] for one in pixels]) for captioner in captioners.values()]
    together = [_captions(captioner, [pixels]) for captioner in captioners.values()]
    return {
        "captions of five as the first's": [int((one == alone[0]).all(axis=1).sum()) for one in alone],
        "captions of five alone as at once": [
            int((one == other).all(axis=1).sum()) for one, other in zip(alone, together, strict=True)
        ],
    }


def measure_peak_mb(folder: Path, pixels: NDArray[np.float32]) -> int:
    """Return the most resident memory of this process so far, files mapped included, once it has captioned in one batch."""
    open_captioner(folder).caption_pixels(pixels)
    return round(status_bytes("VmHWM") / 1e6)


def to_markdown(models: Sequence[Path], times: Times, counts: Mapping[str, Sequence[int]]) -> str:
    """Return the table."""
    first, *_ = models
    lines = [f"| | {' | '.join(folder.name for folder in models)} |", f"|---{'|---' * len(models)}|"]
    for part, by_folder in times.items():
        cells = [f"{ms:.0f} ({by_folder[first] / ms:.2f})" for ms in by_folder.values()]
        lines.append(f"| {part}, ms | {' | '.join(cells)} |")
    lines += [f"| {name} | {' | '.join(map(str, each))} |" for name, each in counts.items()]
    return "\n".join(lines)


def _decode(captioner: BlipCaptioner, states: Tensors, pictures: int) -> Callable[[], object]:
    own = {name: state[:pictures].copy() for name, state in states.items()}  # decoding writes over them
    return lambda: captioner.decode(own, pictures)


def _captions(captioner: BlipCaptioner, batches: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
    return np.concatenate([captioner.decode(captioner.see(batch), len(batch)) for batch in batches])


def _median_cpu_ms(
    folders: Mapping[Path, object], prepare: Callable[[Path], Callable[[], object]], rounds: int
) -> dict[Path, float]:
    times: dict[Path, list[float]] = {folder: [] for folder in folders}
    for _ in range(rounds + 1):
        for folder, taken in times.items():
            call = prepare(folder)
            start = thread_time()
            call()
            taken.append((thread_time() - start) * 1e3)
    return {folder: median(taken[1:]) for folder, taken in times.items()}


if __name__ == "__main__":
    typer.run(main)
