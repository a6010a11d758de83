"""A hand-made graph that has every kind of layer: tied words, a table, products behind a norm, one behind none."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.precision.layers import ExactGraph
from export.precision.sensitivity import LayerInputs, LayerSensitivity

WIDTH, HIDDEN, WORDS = 32, 64, 50


def write_small_graph(path: Path, *, outlier: float = 1.0, seed: int = 0) -> ExactGraph:
    """Write token ids -> scores over words: look-up, norm, two products and a residual, a norm, the tied product.

    `outlier` multiplies three channels of the first norm and divides the rows of the products that read it.
    """
    rng = np.random.default_rng(seed)
    weights = {
        "words": rng.standard_normal((WIDTH, WORDS)),
        "positions": rng.standard_normal((8, WIDTH)),
        "norm1.weight": np.ones(WIDTH),
        "norm1.bias": 0.1 * rng.standard_normal(WIDTH),
        "query.weight": rng.standard_normal((WIDTH, HIDDEN)) / 6,
        "key.weight": rng.standard_normal((WIDTH, HIDDEN)) / 6,
        "out.weight": rng.standard_normal((HIDDEN, WIDTH)) / 8,
        "norm2.weight": np.ones(WIDTH),
        "norm2.bias": np.zeros(WIDTH),
    }
    channels = [3, 7, 20]
    for name in ("norm1.weight", "norm1.bias"):
        weights[name][channels] *= outlier
    for name in ("query.weight", "key.weight"):
        weights[name][channels] /= outlier
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["columns"], "look_up", axis=1),
        helper.make_node("Transpose", ["columns"], ["looked_up"], "turn", perm=[1, 0]),
        helper.make_node("Gather", ["positions", "input_ids"], ["placed"], "place"),
        helper.make_node("Add", ["looked_up", "placed"], ["hidden"], "embed"),
        helper.make_node("LayerNormalization", ["hidden", "norm1.weight", "norm1.bias"], ["seen"], "norm1"),
        helper.make_node("MatMul", ["seen", "query.weight"], ["query"], "query"),
        helper.make_node("MatMul", ["seen", "key.weight"], ["key"], "key"),
        helper.make_node("Mul", ["query", "key"], ["mixed"], "mix"),
        helper.make_node("MatMul", ["mixed", "out.weight"], ["change"], "out"),
        helper.make_node("Add", ["hidden", "change"], ["whole"], "residual"),
        helper.make_node("LayerNormalization", ["whole", "norm2.weight", "norm2.bias"], ["normed"], "norm2"),
        helper.make_node("Add", ["normed", "change"], ["last"], "also"),
        helper.make_node("MatMul", ["last", "words"], ["logits"], "say"),
    ]
    tensors = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data", size_threshold=1024)
    return ExactGraph(path)


def small_graph_sensitivity(graph: ExactGraph) -> LayerSensitivity:
    """Measure the graph on a few sequences of token ids below 8, as there are so many positions."""
    feeds = [{"input_ids": np.array(ids)} for ids in ([0, 1, 2], [7, 3], [5, 4, 6, 1])]
    return LayerSensitivity(graph, LayerInputs(feeds, ["logits"], 2), target="avx2", threads=1)
