"""Seed, plain ONNX and Lookwhy in one run: python -m benchmarks.race [--small]

All three run CLIP ViT-B/32 and BLIP base in full size with random weights: time does not depend on the weights' values. Each
figure comes from fresh processes on pinned CPUs, the contenders in turn; captions have the same number of tokens and beams.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.race.course import Course, pictures_in
from benchmarks.race.ground import Folders, make_ground
from benchmarks.race.heats import ROOT, HeatFailed, TokensDiffer, gather, plan_heats, run_heat
from benchmarks.race.record import Record
from runtime.terminal import FAILED, told_errors

PHOTOS = ROOT.parent / "shared" / "photos"
SMALL = {"tokens": 5, "queries": 4}
PICTURES = {False: 48, True: 12}


def run_race(course: Course, threads: list[int], rounds: int, console: Console) -> Record:
    """Run every heat, and return what they came to."""
    record = Record(course.tokens, rounds, len(pictures_in(course.pictures)), {}, {})
    for count in threads:
        plan, reports = list(plan_heats(rounds)), []
        for name, task in track(plan, f"{count} thread{'s' if count > 1 else ''}", console=console, transient=True):
            reports.append((name, task, run_heat(name, task, replace(course, threads=count))))
        record.by_threads[count] = gather(reports)
        record.found |= {name: report["found"] for name, task, report in reports if task == "search"}
    record.complete()
    return record


def main(
    full_size: Annotated[
        Path, typer.Option("--models", help="Folder of clip-checkpoint, blip-checkpoint and models (int8); made if absent.")
    ] = Path("artifacts/full-size-int8"),
    out: Annotated[Path, typer.Option(help="The folder for all else that is made, and for the figures.")] = Path("artifacts/race"),
    photos: Annotated[Path, typer.Option(help="The library's pictures; where it is absent, scenes are drawn.")] = PHOTOS,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 3,
    threads: Annotated[list[int] | None, typer.Option(min=1, help="Threads of each contender; may be repeated.")] = None,
    tokens: Annotated[int, typer.Option(min=1, max=29, help="Tokens of each caption.")] = 12,
    quick: Annotated[bool, typer.Option("--quick", help="One round on one thread.")] = False,
    small: Annotated[bool, typer.Option("--small", help="Small shapes: tries the race itself.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Also draw the ratios, as this PNG file.")] = None,
) -> None:
    """Make what is absent, race, and print the tables; they, and race.json, are written to the folder."""
    console = Console()
    if small:
        full_size, out = out / "small" / "models", out / "small"
    with told_errors():
        try:
            ground = Folders(full_size, out, photos if photos.is_dir() and not small else None, PICTURES[small], small)
            course = replace(make_ground(ground, console), **({"tokens": tokens} | (SMALL if small else {})))
            record = run_race(course, [1] if quick else threads or [1, 2], 1 if quick else rounds, console)
        except (HeatFailed, TokensDiffer) as failure:
            typer.echo(f"error: {failure}", err=True)
            raise typer.Exit(FAILED) from failure
        record.write(out / "race.json")
        (out / "race.md").write_text(record.to_markdown(), "utf-8")
        console.print(record.to_markdown(), soft_wrap=True, markup=False, highlight=False)
        if plot:
            from benchmarks.race.plot import draw_race

            draw_race(record.by_threads, plot)


if __name__ == "__main__":
    typer.run(main)
