"""Seed, plain ONNX and Lookwhy in one run: python -m benchmarks.race [--small]

All three run CLIP ViT-B/32 and BLIP base in full size with random weights: time does not depend on the weights' values. Each
figure comes from fresh processes on pinned CPUs, the contenders in turn; captions have the same number of tokens and beams.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.race.fixtures import Folders, make_ground
from benchmarks.race.record import Record
from benchmarks.race.schedule import ROOT, plan_heats, run_heat
from benchmarks.race.workload import Course, pictures_in
from runtime.terminal import told_errors

OUT, FULL_SIZE = Path("artifacts/race"), Path("artifacts/full-size-int8")
PHOTOS = ROOT.parent / "shared" / "photos"
SMALL_TOKENS, SMALL_QUERIES = 5, 4
PICTURES = {False: 48, True: 12}


def run_race(course: Course, threads: list[int], rounds: int, console: Console) -> Iterator[Record]:
    """Run every heat; yield what they came to, after each number of threads, so that what is done is kept on Ctrl-C."""
    record = Record(course.tokens, rounds, len(pictures_in(course.pictures)))
    record.complete()
    for count in threads:
        plan, reports = list(plan_heats(rounds)), []
        for name, task in track(plan, f"{count} thread{'s' if count > 1 else ''}", console=console, transient=True):
            reports.append((name, task, run_heat(name, task, replace(course, threads=count))))
        record.add(count, reports)
        yield record


def main(
    models: Annotated[Path, typer.Option(help="Has clip-checkpoint, blip-checkpoint and models, or gets them.")] = FULL_SIZE,
    out: Annotated[Path, typer.Option(help="The folder for all else that is made, and for the figures.")] = OUT,
    photos: Annotated[Path, typer.Option(help="The library's pictures; where it is absent, scenes are drawn.")] = PHOTOS,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 3,
    threads: Annotated[
        list[int] | None, typer.Option(min=1, help="Of a contender; may be repeated. Else 1, then 2.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, max=29, help="Of each caption.")] = 12,
    plot: Annotated[Path | None, typer.Option(help="Also draw the ratios, as this PNG file.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="One round on one thread.")] = False,
    small: Annotated[bool, typer.Option("--small", help="Small shapes: tries the race itself.")] = False,
) -> None:
    """Make what is absent, race, and print the tables; they, and race.json, are written to the folder."""
    if small:
        models, out, tokens = out / "small-models", out / "small", SMALL_TOKENS
    ground = Folders(models, out, None if small or not photos.is_dir() else photos, PICTURES[small], small)
    console = Console()
    with told_errors():
        course = replace(make_ground(ground, console), tokens=tokens)
        course = replace(course, queries=SMALL_QUERIES) if small else course
        for record in run_race(course, [1] if quick else threads or [1, 2], 1 if quick else rounds, console):
            tables = _keep(record, out, plot)
        console.print(tables, soft_wrap=True, markup=False, highlight=False)


def _keep(record: Record, out: Path, plot: Path | None) -> str:
    """Write all that there is to be read later, and return the tables."""
    tables = record.to_markdown()
    record.write(out / "race.json")
    (out / "race.md").write_text(tables, "utf-8")
    if plot:
        from benchmarks.race.plot import draw_race

        draw_race(record.by_threads, plot)
    return tables


if __name__ == "__main__":
    typer.run(main)
