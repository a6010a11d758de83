"""What Lookwhy takes beside the bare graphs, in a minute: python -m benchmarks.quick [--record]

Each figure is Lookwhy's over that of `bare_graphs.py`, with the sample models, on one thread, in fresh processes that take
turns. The ratios are compared with those that were recorded, and what has grown by 15 % is marked. `--record` writes them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from benchmarks import ROOT
from benchmarks.measure.machine import cpu_name
from benchmarks.quick.figures import FIGURES, PICTURES, QUERIES
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.clip import open_text_tokenizer
from runtime.terminal import told_errors

RECORDED = Path(__file__).with_name("recorded.json")
SLOWER = 1.15  # what noise on a busy machine hardly reaches
ONE_THREAD = {"THREADS": "1", "OMP_NUM_THREADS": "1", "QUERY_CACHE_SIZE": "0", "GROQ_API_KEY": "", "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Overhead:
    """Figures of Lookwhy and of the bare graphs, by their name: medians of all rounds."""

    lookwhy: Mapping[str, float]
    bare: Mapping[str, float]

    @property
    def ratios(self) -> dict[str, float]:
        """What Lookwhy takes beside the bare graphs, by the figure's name."""
        return {name: round(self.lookwhy[name] / self.bare[name], 3) for name in FIGURES}

    def to_markdown(self, recorded: Mapping[str, float]) -> str:
        """Return the table, with the ratios that were recorded where there are any."""
        lines = ["| | bare graphs | Lookwhy | ratio | recorded | |", "|---|---|---|---|---|---|"]
        for name, ratio in self.ratios.items():
            before = recorded.get(name)
            change = f"{ratio / before - 1:+.0%}{' SLOWER' if ratio > SLOWER * before else ''}" if before else ""
            cells = (self.bare[name], self.lookwhy[name], ratio)
            figures = " | ".join(f"{cell:.2f}" if cell < 10 else f"{cell:.0f}" for cell in cells)
            lines.append(f"| {FIGURES[name]}, {name[-2:].replace('mb', 'MB')} | {figures} | {before or ''} | {change} |")
        return "\n".join(lines)


def run_step(module: str, *arguments: str, environment: Mapping[str, str]) -> tuple[str, float]:
    """Run a module in a process of its own; return what it printed, and the processor time that it took, in ms."""
    before = os.times()
    command, own = [sys.executable, "-m", module, *arguments], os.environ | environment
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode:
        raise typer.BadParameter(f"python -m {' '.join((module, *arguments))} failed: {done.stderr}")
    return done.stdout, (after.children_user + after.children_system - before.children_user - before.children_system) * 1e3


def token_ids() -> dict[str, list[int]]:
    """Return the token ids of each query, as the sample models' own tokenizer cuts it."""
    folder = ROOT / "sample" / "models"
    tokenizer = open_text_tokenizer(folder, read_models_manifest(folder).clip)
    ids: list[list[int]] = [tokenizer.encode([query])[0].tolist() for query in QUERIES]
    return dict(zip(QUERIES, ids, strict=True))


def compare(rounds: int, folder: Path, console: Console) -> Overhead:
    """Draw the pictures and index them; then measure both sides in turns."""
    pictures, first = folder / "pictures", folder / "index"
    environment = ONE_THREAD | {"INDEX_DIR": str(first), "MODELS_DIR": str(ROOT / "sample" / "models")}

    def build(out: Path) -> float:
        options = ("--models", "sample", "--out", str(out))
        return run_step("export", "index", str(pictures), *options, environment=environment)[1]

    run_step("export", "storybook", "draw", str(pictures), "--count", str(PICTURES), environment=environment)
    build(first)
    lookwhy: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    for number in track(range(rounds), "Rounds", console=console, transient=True):
        found = json.loads(run_step("benchmarks.quick.lookwhy", environment=environment)[0].splitlines()[-1])
        lookwhy.append(found | {"index_ms": build(folder / f"index-{number}")})
        steps = (("search", json.dumps(token_ids())), ("index", str(pictures)))
        told = [run_step("benchmarks.quick.bare_graphs", *step, environment=environment)[0] for step in steps]
        bare.append({name: value for one in told for name, value in json.loads(one).items()})
    return Overhead(*({name: median(one[name] for one in side) for name in FIGURES} for side in (lookwhy, bare)))


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 5,
    *,
    record: Annotated[bool, typer.Option("--record", help=f"Write the ratios to {RECORDED.name}.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 where a ratio has grown by 15 %.")] = False,
) -> None:
    """Print the table; or write the ratios that later runs are compared with."""
    console = Console(highlight=False)
    recorded = json.loads(RECORDED.read_text("utf-8"))["ratios"] if RECORDED.exists() else {}
    with told_errors(), tempfile.TemporaryDirectory() as folder:
        found = compare(rounds, Path(folder), console)
    console.print(
        f"{cpu_name()}, one thread, medians of {rounds}\n\n{found.to_markdown(recorded)}", soft_wrap=True, markup=False
    )
    if record:
        RECORDED.write_text(json.dumps({"cpu": cpu_name(), "ratios": found.ratios}, indent=2) + "\n", "utf-8")
    if strict and any(ratio > SLOWER * recorded.get(name, ratio) for name, ratio in found.ratios.items()):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
