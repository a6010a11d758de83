"""The nodes by which the vision graph gives, and the decoder reads, a picture's keys and values in int8.

Works on graphs whatever the precision of their layers. The vision graph's scales are folded into the weights and biases that
compute keys and values (`divide_states`), so that rounding is one node. The decoder rounds queries and probabilities row by
row: each has a scale of its own, so that no caption depends on others in its batch. Knows how
`export/models/blip.py` computes keys and values; calibrates nothing.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from export.precision.cross_states import LEVELS, SCALES_SUFFIX, Scales, is_key
from export.precision.edits import Edits
from export.precision.layers import ExactGraph
from export.precision.rounding import Target

MICROSOFT = "com.microsoft"
# Queries have levels around 128, as unsigned bytes: products of signed with signed ones take six times as long.
QUERY_LEVELS, QUERY_ZERO = 127, 128


def divide_states(graph: ExactGraph, scales: Scales) -> Edits:
    """Return the edits by which a vision graph's outputs are divided by their scales; none for other graphs."""
    edits = Edits()
    makers = {output: node for node in graph.proto.graph.node for output in node.output}
    for name in scales.keys() & makers.keys():
        _, _, add = _path_to(name, makers)
        factors = np.reciprocal(scales[name].ravel())
        bias = next(given for given in add.input if given in graph.tensors)
        product = next(makers[given] for given in add.input if given in makers)
        edits.biases[bias] = graph.read(bias) * factors
        edits.columns[product.input[1]] = factors
    return edits


def pass_states_in_int8(model: onnx.ModelProto, scales: Scales, target: Target) -> None:
    """Change a vision graph, whose outputs were divided by their scales, or a decoder to int8 states, in place."""
    graph = model.graph
    if scales.keys() & {output.name for output in graph.output}:
        _round_outputs(graph, scales, target)
    elif scales.keys() & {entry.name for entry in graph.input}:
        _read_int8(graph, scales)


def _round_outputs(graph: onnx.GraphProto, scales: Scales, target: Target) -> None:
    """Round the outputs before they are split into heads: bytes are moved faster than floats."""
    makers = {output: node for node in graph.node for output in node.output}
    limits = {"states_lowest": np.int8(-LEVELS[target]), "states_highest": np.int8(LEVELS[target])}
    _add_tensors(graph, {"states_unit": np.float32(1), "states_zero": np.int8(0), **limits})
    before: dict[str, list[NodeProto]] = {}  # by the name of a node's first output: the nodes before it
    for output in graph.output:
        if output.name in scales:
            transpose, reshape, add = _path_to(output.name, makers)
            rounded, levels = f"{output.name}_rounded", f"{output.name}_levels"
            before[reshape.output[0]] = [
                helper.make_node("QuantizeLinear", [add.output[0], "states_unit", "states_zero"], [rounded]),
                helper.make_node("Clip", [rounded, *limits], [levels]),
            ]
            reshape.input[0] = levels
            if is_key(output.name):
                transpose.attribute[0].ints[:] = [0, 2, 3, 1]
            _describe(output, scales)
    nodes = [one for node in graph.node for one in (*before.get(node.output[0], ()), node)]
    del graph.node[:]
    graph.node.extend(nodes)


def _read_int8(graph: onnx.GraphProto, scales: Scales) -> None:
    """Replace each attention to a picture by products of bytes."""
    heads, width = next(iter(scales.values())).shape
    _add_tensors(
        graph,
        {
            "states_heads": np.array([0, 0, heads, width]),
            "states_merged": np.array([0, 0, heads * width]),
            "states_last_axis": np.array([-1]),
            "states_unit": np.float32(1),
            "states_zero": np.int8(0),
            "states_root": np.float32(width**-0.5),
            "query_level": np.float32(1 / QUERY_LEVELS),
            "query_zero": np.uint8(QUERY_ZERO),
            "probability_level": np.float32(1 / 255),
            "probability_zero": np.uint8(0),
        },
    )
    _add_tensors(graph, {f"{name}{SCALES_SUFFIX}": scale[None, :, None, :] for name, scale in scales.items()})
    nodes = [
        one
        for node in graph.node
        for one in (_attend_in_int8(node) if any(name in scales for name in node.input[1:3]) else [node])
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    for entry in graph.input:
        if entry.name in scales:
            _describe(entry, scales)


def _attend_in_int8(attention: NodeProto) -> Iterator[NodeProto]:
    """Yield what takes the place of MultiHeadAttention: keys are (n, heads, width, s), values (n, heads, s, width), int8."""
    query, key, value = attention.input[:3]

    def own(name: str) -> str:
        return f"{key}/{name}"

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> NodeProto:  # noqa: ANN401 (what onnx takes)
        return helper.make_node(kind, inputs, [output], **attributes)

    yield node("Reshape", [query, "states_heads"], own("split"))
    yield node("Transpose", [own("split")], own("query"), perm=[0, 2, 1, 3])  # (n, heads, rows, width)
    yield node("Mul", [own("query"), f"{key}{SCALES_SUFFIX}"], own("scaled"))
    yield node("Abs", [own("scaled")], own("sizes"))
    yield node("ReduceMax", [own("sizes"), "states_last_axis"], own("largest"))  # (n, heads, rows, 1)
    yield node("Mul", [own("largest"), "query_level"], own("scale"))
    yield node("Div", [own("scaled"), own("scale")], own("divided"))
    yield node("QuantizeLinear", [own("divided"), "states_unit", "query_zero"], own("levels"))
    operands = [own("levels"), key, "states_unit", "states_root", "query_zero", "states_zero"]
    yield node("MatMulIntegerToFloat", operands, own("product"), domain=MICROSOFT)
    yield node("Mul", [own("product"), own("scale")], own("scores"))
    yield node("Softmax", [own("scores")], own("probabilities"), axis=-1)
    yield node("ReduceMax", [own("probabilities"), "states_last_axis"], own("likeliest"))
    yield node("Div", [own("probabilities"), own("likeliest")], own("shares"))  # of 1: spread attention keeps its levels
    yield node("QuantizeLinear", [own("shares"), "probability_level", "probability_zero"], own("share_levels"))
    operands = [own("share_levels"), value, "probability_level", "states_unit", "probability_zero", "states_zero"]
    yield node("MatMulIntegerToFloat", operands, own("mixed"), domain=MICROSOFT)
    yield node("Mul", [own("mixed"), own("likeliest")], own("weighted"))
    yield node("Mul", [own("weighted"), f"{value}{SCALES_SUFFIX}"], own("answer"))
    yield node("Transpose", [own("answer")], own("rows"), perm=[0, 2, 1, 3])
    yield node("Reshape", [own("rows"), "states_merged"], attention.output[0])


def _path_to(output: str, makers: dict[str, NodeProto]) -> tuple[NodeProto, NodeProto, NodeProto]:
    """Return the nodes that make keys or values: the transposition, the split into heads, the sum with the bias."""
    transpose = makers[output]
    reshape = makers[transpose.input[0]]
    return transpose, reshape, makers[reshape.input[0]]


def _describe(entry: onnx.ValueInfoProto, scales: Scales) -> None:
    """Declare an input or output as int8, with the shape that it has then."""
    heads, width = scales[entry.name].shape
    shape = [heads, width, "image_tokens"] if is_key(entry.name) else [heads, "image_tokens", width]
    images = entry.type.tensor_type.shape.dim[0].dim_param
    entry.CopyFrom(helper.make_tensor_value_info(entry.name, TensorProto.INT8, [images, *shape]))


def _add_tensors(graph: onnx.GraphProto, tensors: dict[str, Any]) -> None:
    arrays: dict[str, NDArray[Any]] = {name: np.asarray(value) for name, value in tensors.items()}
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in arrays.items())
