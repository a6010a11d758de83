"""Time and memory to open a graph, with mapped weights or as one file: python -m benchmarks.models.graph_opening [MODELS]

"Mapped" is the form that the export writes: optimized, with weights in a memory-mapped file. "Whole" is the same graph with
its weights in one file, which onnxruntime reads and optimizes at each opening. Each opening has its own process; the two
forms alternate.
"""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.measure.memory import Memory
from benchmarks.measure.own_process import run_in_own_process
from runtime.artefacts.manifest import read_models_manifest
from runtime.models.onnx_session import Session, import_onnxruntime
from runtime.terminal import told_errors

ROUNDS = 5
Opening = tuple[float, float]  # ms, MB


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
) -> None:
    """Print a Markdown table with a line for each graph."""
    lines = [
        "| graph | whole: open, ms | memory, MB | mapped: open, ms | memory, MB | ms to whole |",
        "|---|---|---|---|---|---|",
    ]
    with told_errors(), TemporaryDirectory() as scratch:
        for record in read_models_manifest(models).graphs():
            mapped, whole = models / record.path, Path(scratch) / record.path
            write_whole(mapped, whole)
            rounds = [(run_in_own_process(open_graph, whole), run_in_own_process(open_graph, mapped)) for _ in range(ROUNDS)]
            lines.append(_row(record.path, rounds))
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def write_whole(mapped: Path, whole: Path) -> None:
    """Write a graph and its weights as one file."""
    import onnx

    whole.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx.load(mapped), whole)


def open_graph(path: Path) -> Opening:
    """Return how long a graph takes to open on one thread, in ms, and how much memory that adds, in MB."""
    import_onnxruntime()
    before, start = Memory.now(), perf_counter()
    session = Session(path, 1)
    took_ms = (perf_counter() - start) * 1e3
    after = Memory.now()
    del session
    return took_ms, (after.anonymous + after.files - before.anonymous - before.files) / 1e6


def _row(graph: str, rounds: list[tuple[Opening, Opening]]) -> str:
    """Return the medians of both forms, and their ratio."""
    whole, mapped = zip(*rounds, strict=True)
    (whole_ms, whole_mb), (mapped_ms, mapped_mb) = (map(median, zip(*form, strict=True)) for form in (whole, mapped))
    figures = f"{whole_ms:.0f} | {whole_mb:.0f} | {mapped_ms:.0f} | {mapped_mb:.0f} | {mapped_ms / whole_ms:.2f}"
    return f"| {graph} | {figures} |"


if __name__ == "__main__":
    typer.run(main)
