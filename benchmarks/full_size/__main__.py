"""Full-size CLIP and BLIP with random weights, exported in every form: python -m benchmarks.full_size [--small]"""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.full_size.benchmark import SHAPES, Bench
from benchmarks.full_size.table import to_markdown
from runtime.terminal import told_errors

NEEDS = {False: (16.0, "about an hour on two cores"), True: (0.3, "a minute or two")}  # GB of disk, and time


def main(
    out: Annotated[Path, typer.Option(help="The folder for checkpoints and exports.")] = Path("artifacts/full-size"),
    small: Annotated[bool, typer.Option("--small", help="Small shapes: tries the benchmark itself.")] = False,
    photos: Annotated[Path | None, typer.Option(help="Compare on these pictures and captions, not on drawn scenes.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each graph is timed.")] = 15,
) -> None:
    """Make, export and measure; print the table, and write it to table.md in the folder."""
    console, (gigabytes, time) = Console(), NEEDS[small]
    with told_errors():
        out.mkdir(parents=True, exist_ok=True)
        console.print(f"Takes {gigabytes:g} GB in {out}, and {time}. Ctrl-C stops it; the next run goes on from there.")
        used = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        if shutil.disk_usage(out).free + used < gigabytes * 1e9:
            raise typer.BadParameter(f"{out.resolve()} has not that much room", param_hint="--out")
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        bench = Bench(out, SHAPES[small], console)
        bench.make()
        table = to_markdown(bench.measure(photos, rounds), bench.costs, str(photos or "drawn scenes"))
        (out / "table.md").write_text(table, "utf-8")
        console.print(table, soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    typer.run(main)
