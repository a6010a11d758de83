"""Time and error of one matrix product in each precision: python -m benchmarks.models.precisions

Random weights and activations, one thread. "7 bits" is what onnxruntime's `reduce_range` does; "blocks, float" is the mode
of its MatMulNBits that keeps activations in float. Neither is used; the table shows what they would cost.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import typer
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console

from benchmarks.measure.timing import median_ms
from export.precision import rounding as quantize
from export.precision.layers import ExactGraph
from export.precision.rewriting import rewrite
from export.precision.rounding import Precision, Target
from runtime.models.onnx_session import Session

SIZES = ((768, 3072), (3072, 768))
ROWS = (1, 12, 50, 577)
ROUNDS = 15


def write_product(inputs: int, outputs: int, folder: Path) -> ExactGraph:
    """Write a graph of one matrix product, x (rows, inputs) -> y (rows, outputs)."""
    weight = np.random.default_rng(0).standard_normal((inputs, outputs)).astype(np.float32) * 0.03
    node = helper.make_node("MatMul", ["x", "weight"], ["y"], "product")
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", width])
        for name, width in (("x", inputs), ("y", outputs))
    )
    graph = helper.make_graph([node], "product", [x], [y], [numpy_helper.from_array(weight, "weight")])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), folder / "exact.onnx")
    return ExactGraph(folder / "exact.onnx")


def write_forms(graph: ExactGraph) -> dict[str, Path]:
    """Write the graph in every form, and return the files by what the table calls them."""
    forms: dict[str, tuple[Precision, Target]] = {
        "fp32": ("fp32", "avx2"),
        "int8 for avx2": ("int8", "avx2"),
        "int8 for vnni": ("int8", "vnni"),
        "block8": ("block8", "avx2"),
    }
    models = {name: rewrite(graph, {"weight": precision}, target) for name, (precision, target) in forms.items()}
    models["7 bits"] = _rewrite_with(graph, "int8", "ROW_MAX", 63)
    models["blocks of 256"] = _rewrite_with(graph, "block8", "BLOCK", 256)
    floating = rewrite(graph, {"weight": "block8"}, "avx2")
    for attribute in floating.graph.node[-1].attribute:
        if attribute.name == "accuracy_level":
            attribute.i = 0
    models["blocks, float"] = floating
    paths = {name: graph.path.with_name(f"{name}.onnx") for name in models}
    for name, model in models.items():
        onnx.save(model, paths[name])
    return paths


def main() -> None:
    """Print a Markdown table: median milliseconds, and the relative error of the product in brackets."""
    console = Console()
    with TemporaryDirectory() as scratch:
        first = True
        for inputs, outputs in SIZES:
            sessions = {
                name: Session(path, 1) for name, path in write_forms(write_product(inputs, outputs, Path(scratch))).items()
            }
            if first:
                console.print(
                    f"| product | rows | {' | '.join(sessions)} |\n|---|---|{'---|' * len(sessions)}",
                    soft_wrap=True,
                    markup=False,
                )
            first = False
            for rows in ROWS:
                cells = measure(sessions, np.random.default_rng(rows).standard_normal((rows, inputs)).astype(np.float32))
                console.print(
                    f"| {inputs} x {outputs} | {rows} | {' | '.join(cells)} |", soft_wrap=True, markup=False, highlight=False
                )


def measure(sessions: dict[str, Session], x: NDArray[np.float32]) -> list[str]:
    """Return a cell for each form, their runs alternating."""
    answers = {name: session.run(["y"], {"x": x})[0] for name, session in sessions.items()}
    exact, repeats = answers["fp32"], max(1, 100 // len(x))
    calls = {name: partial(_run_repeatedly, session, x, repeats) for name, session in sessions.items()}
    times_ms = {name: ms / repeats for name, ms in median_ms(calls, ROUNDS).items()}
    errors = {name: float(np.linalg.norm(answer - exact) / np.linalg.norm(exact)) for name, answer in answers.items()}
    return [f"{times_ms[name]:.3f} ({errors[name]:.4f})" for name in sessions]


def _run_repeatedly(session: Session, x: NDArray[np.float32], repeats: int) -> None:
    for _ in range(repeats):
        session.run(["y"], {"x": x})


def _rewrite_with(graph: ExactGraph, precision: Precision, setting: str, value: int) -> onnx.ModelProto:
    """Rewrite while a constant of `export.precision.rounding` has another value."""
    kept = getattr(quantize, setting)
    setattr(quantize, setting, value)
    try:
        return rewrite(graph, {"weight": precision}, "vnni")
    finally:
        setattr(quantize, setting, kept)


if __name__ == "__main__":
    typer.run(main)
