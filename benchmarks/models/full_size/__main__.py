"""Full-size CLIP and BLIP with random weights, exported in every form: python -m benchmarks.models.full_size [--small]

Makes the checkpoints (plain weights, outliers that SmoothQuant can move into the weights, and outliers that it cannot),
exports each by the plan, in fp32, and in int8 throughout, and prints one Markdown table. An interrupted run continues where
it stopped; delete the folder to start from nothing.
"""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.models.full_size.benchmark import SHAPES, FullSizeBenchmark
from benchmarks.models.full_size.table import to_markdown
from runtime.terminal import told_errors

NEEDS = {False: (16.0, "about an hour on two cores"), True: (0.3, "a minute or two")}  # GB of disk, and time


def main(
    out: Annotated[Path, typer.Option(help="The folder for checkpoints and exports.")] = Path("artifacts/full-size"),
    small: Annotated[bool, typer.Option("--small", help="Small model shapes, to try the benchmark itself.")] = False,
    photos: Annotated[
        Path | None, typer.Option(help="Compare on these pictures and captions instead of drawn scenes.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each graph is timed.")] = 15,
) -> None:
    """Make the checkpoints, export and measure them; print the table, and write it to table.md in the folder."""
    console, (gigabytes, time) = Console(), NEEDS[small]
    with told_errors():
        out.mkdir(parents=True, exist_ok=True)
        console.print(f"Takes {gigabytes:g} GB in {out}, and {time}. Ctrl-C stops it; the next run goes on from there.")
        used = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        if shutil.disk_usage(out).free + used < gigabytes * 1e9:
            raise typer.BadParameter(f"{out.resolve()} has less room than that", param_hint="--out")
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        benchmark = FullSizeBenchmark(out, SHAPES[small], console)
        benchmark.make()
        table = to_markdown(benchmark.measure(photos, rounds), benchmark.costs, str(photos or "drawn scenes"))
        (out / "table.md").write_text(table, "utf-8")
        console.print(table, soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    typer.run(main)
