"""Encoders of peers beside ours: python -m benchmarks.peers PICTURES [--rclip PYTHON]

A CLIP ViT-B/32 with random weights, as time does not depend on them. Each peer runs in fresh processes on one CPU, in turns:
rclip by its own package, from an environment of its own, with its model's 256 pixels; immich by its sessions' settings; both
on fp32 graphs, as they ship them; Lookwhy on its int8 ones. Prints Markdown.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.measure.machine import cpu_name
from benchmarks.measure.own_process import run_in_own_process
from benchmarks.peers.graphs import RCLIP_MODEL, SHAPE, TEXTUAL, make_graphs
from benchmarks.race.schedule import ROOT, environment, pinned
from runtime.terminal import told_errors

Figures = dict[str, float]
TITLES = {"lookwhy": "Lookwhy", "immich": "immich's sessions", "rclip_package": "rclip"}
LINES = {
    "start_ms": "process start to a query's vector, ms",
    "query_ms": "a query's vector, ms",
    "query_mb": "peak memory for queries, MB",
    "picture_ms": "a picture opened, and its vector, ms",
    "graph_mb": "both graphs, MB",
}


def measure(peer: str, python: Path, graphs: Path, pictures: Path) -> Figures:
    """Return the figures of one peer in a fresh process of `python`."""
    arguments = ["-m", "benchmarks.peers.measure", peer, str(graphs), str(pictures), str(time.monotonic())]
    command = [*pinned(1), str(python), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(1), capture_output=True, text=True, check=False)
    if done.returncode:
        raise typer.BadParameter(f"{peer} failed: {done.stderr}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures | {"graph_mb": graph_bytes(peer, graphs) / 1e6}


def graph_bytes(peer: str, graphs: Path) -> int:
    """Return the size of a peer's two graphs, weights included."""
    folders = {"lookwhy": graphs / SHAPE, "immich": graphs, "rclip_package": graphs / RCLIP_MODEL}
    files = folders[peer].rglob("*") if peer == "lookwhy" else folders[peer].glob("*")
    return sum(file.stat().st_size for file in files if file.suffix in (".onnx", ".weights"))


def to_markdown(rounds: dict[str, list[Figures]]) -> str:
    """Return the table of medians; in brackets, how many times Lookwhy's."""
    medians = {peer: {name: median(one[name] for one in several) for name in LINES} for peer, several in rounds.items()}
    ours = medians["lookwhy"]
    lines = [f"| | {' | '.join(TITLES[peer] for peer in medians)} |", f"|---{'|---' * len(medians)}|"]
    for name, title in LINES.items():
        cells = [f"{own[name]:.3g} ({own[name] / ours[name]:.1f})" for own in medians.values()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(
    pictures: Annotated[Path, typer.Argument(help="A folder with ten JPEG pictures at least.")],
    rclip: Annotated[
        Path | None, typer.Option(help="The Python of an environment that has rclip; without it, rclip is left out.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where checkpoint and graphs are kept.")] = Path("artifacts/encoders"),
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each.")] = 5,
) -> None:
    """Make the graphs where they are absent, measure, and print the table."""
    console = Console(highlight=False)
    pythons = {"lookwhy": Path(sys.executable), "immich": Path(sys.executable)} | ({"rclip_package": rclip} if rclip else {})
    found: dict[str, list[Figures]] = {peer: [] for peer in pythons}
    with told_errors():
        if not (out / TEXTUAL).exists():
            run_in_own_process(make_graphs, out.absolute())
        for _ in track(range(rounds), "Rounds", console=console, transient=True):
            for peer, python in pythons.items():
                found[peer].append(measure(peer, python.absolute(), out.absolute(), pictures.absolute()))
    console.print(f"{cpu_name()}, one thread, medians of {rounds}", to_markdown(found), sep="\n\n", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
