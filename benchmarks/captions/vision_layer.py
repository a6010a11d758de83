"""Time of the cheap parts of a layer of BLIP's vision tower, in several forms: python -m benchmarks.captions.vision_layer

The parts beside matrix products and attention: the activation, exact and approximated, and the residual sum with its norm,
fused and as two nodes. 577 tokens, one thread, alternating.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from rich.console import Console

from benchmarks.measure.timing import median_ms
from runtime.models.onnx_session import Session

TOKENS, WIDTH = 577, 768
ROUNDS = 25
MICROSOFT_DOMAIN = {"domain": "com.microsoft"}
PARTS: dict[str, tuple[int, list[NodeProto]]] = {
    "GELU, exact": (4 * WIDTH, [helper.make_node("Gelu", ["x"], ["y"], **MICROSOFT_DOMAIN)]),
    "GELU by tanh": (4 * WIDTH, [helper.make_node("FastGelu", ["x"], ["y"], **MICROSOFT_DOMAIN)]),
    "GELU by sigmoid": (4 * WIDTH, [helper.make_node("QuickGelu", ["x"], ["y"], alpha=1.702, **MICROSOFT_DOMAIN)]),
    "sum and norm, fused": (
        WIDTH,
        [helper.make_node("SkipLayerNormalization", ["x", "branch", "gain", "bias"], ["y"], **MICROSOFT_DOMAIN)],
    ),
    "sum and norm, two nodes": (
        WIDTH,
        [
            helper.make_node("Add", ["x", "branch"], ["sum"]),
            helper.make_node("LayerNormalization", ["sum", "gain", "bias"], ["y"], axis=-1),
        ],
    ),
}


def main() -> None:
    """Print a Markdown table."""
    rng = np.random.default_rng(0)
    with TemporaryDirectory() as scratch:
        sessions = {name: _open(Path(scratch) / f"{at}.onnx", *part) for at, (name, part) in enumerate(PARTS.items())}
        runs = {name: _run_of(sessions[name], width, rng) for name, (width, _) in PARTS.items()}
        times_ms = median_ms(runs, ROUNDS)
    lines = ["| part | ms a layer |", "|---|---|", *(f"| {name} | {taken:.2f} |" for name, taken in times_ms.items())]
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def _run_of(session: Session, width: int, rng: np.random.Generator) -> Callable[[], object]:
    feed = {name: rng.standard_normal((TOKENS, width), np.float32) for name in session.input_shapes}
    return lambda: session.run(["y"], feed)


def _open(path: Path, width: int, nodes: Sequence[NodeProto]) -> Session:
    read = {name for node in nodes for name in node.input}
    inputs = [_tokens(name, width) for name in ("x", "branch") if name in read]
    norm = {"gain": np.ones(width, np.float32), "bias": np.zeros(width, np.float32)}
    tensors = [numpy_helper.from_array(value, name) for name, value in norm.items() if name in read]
    graph = helper.make_graph(nodes, "part", inputs, [_tokens("y", width)], tensors)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return Session(path, 1)


def _tokens(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["tokens", width])


if __name__ == "__main__":
    main()
