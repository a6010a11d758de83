"""Seed, plain ONNX and Lookwhy in one run: python -m benchmarks.race [--small]

All three run CLIP ViT-B/32 and BLIP base in full size with random weights: time does not depend on the weights' values. Each
figure comes from fresh processes on pinned CPUs, in alternation; all captions have the same number of tokens and beams.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks import ROOT
from benchmarks.race.fixtures import FixtureFolders, prepare_workload
from benchmarks.race.record import Record
from benchmarks.race.schedule import execute_run, plan_runs
from benchmarks.race.workload import Workload, pictures_in
from runtime.terminal import told_errors

OUT, FULL_SIZE = Path("artifacts/race"), Path("artifacts/full-size-int8")
PHOTOS = ROOT.parent / "shared" / "photos"
SMALL_TOKENS, SMALL_QUERIES = 5, 4
PICTURES = {False: 48, True: 12}


def compare(workload: Workload, threads: list[int], rounds: int, console: Console) -> Iterator[Record]:
    """Execute every run; yield the record after each number of threads, so that finished figures survive Ctrl-C."""
    record = Record(workload.tokens, rounds, len(pictures_in(workload.pictures)))
    record.complete()
    for count in threads:
        plan, reports = list(plan_runs(rounds)), []
        for name, task in track(plan, f"{count} thread{'s' if count > 1 else ''}", console=console, transient=True):
            reports.append((name, task, execute_run(name, task, replace(workload, threads=count))))
        record.add(count, reports)
        yield record


def main(
    models: Annotated[
        Path, typer.Option(help="Folder of clip-checkpoint, blip-checkpoint and models; absent ones are made.")
    ] = FULL_SIZE,
    out: Annotated[Path, typer.Option(help="The folder for everything else that is made, and for the figures.")] = OUT,
    photos: Annotated[Path, typer.Option(help="The library's pictures; where it is absent, scenes are drawn.")] = PHOTOS,
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 3,
    threads: Annotated[
        list[int] | None, typer.Option(min=1, help="Threads of an implementation; may be repeated. Default: 1, then 2.")
    ] = None,
    tokens: Annotated[int, typer.Option(min=1, max=29, help="Tokens of each caption.")] = 12,
    plot: Annotated[Path | None, typer.Option(help="Also draw the ratios, as this PNG file.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="One round on one thread.")] = False,
    small: Annotated[bool, typer.Option("--small", help="Small model shapes, to try the benchmark itself.")] = False,
) -> None:
    """Make what is absent, measure, and print the tables, which are also written to the folder with race.json."""
    if small:
        models, out, tokens = out / "small-models", out / "small", SMALL_TOKENS
    folders = FixtureFolders(models, out, None if small or not photos.is_dir() else photos, PICTURES[small], small)
    console = Console()
    with told_errors():
        workload = replace(prepare_workload(folders, console), tokens=tokens)
        workload = replace(workload, queries=SMALL_QUERIES) if small else workload
        for record in compare(workload, [1] if quick else threads or [1, 2], 1 if quick else rounds, console):
            tables = _keep(record, out, plot)
        console.print(tables, soft_wrap=True, markup=False, highlight=False)


def _keep(record: Record, out: Path, plot: Path | None) -> str:
    """Write the record, the tables and the plot, and return the tables."""
    tables = record.to_markdown()
    record.write(out / "race.json")
    (out / "race.md").write_text(tables, "utf-8")
    if plot:
        from benchmarks.race.plot import draw_ratios

        draw_ratios(record.by_threads, plot)
    return tables


if __name__ == "__main__":
    typer.run(main)
