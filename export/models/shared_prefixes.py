"""Lets the graph of a causal text tower embed a text and shortened forms of it in one run, their beginnings shared.

Owns three inputs of the finished graph and the nodes that read them. Each has a default with which a run is what it was
without them, bit for bit; `runtime/models/packed_texts.py` says what they mean and makes their values. Knows how
`export/models/clip.py` computes positions and reads the end token.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

from runtime.models.packed_texts import HIDDEN, POSITION_SHIFTS, READ_AT

ATTENTION_BIAS = 5  # which of MultiHeadAttention's inputs is added to the products of queries and keys
# An initializer that is an input, too, is that input's default (ONNX's IR specification, "Graphs").
DEFAULTS: dict[str, tuple[NDArray[Any], list[int | str]]] = {
    POSITION_SHIFTS: (np.zeros(1, np.int64), ["shifts"]),
    HIDDEN: (np.zeros((1, 1, 1, 1), np.float32), [1, 1, "queries", "keys"]),
    READ_AT: (np.zeros(0, np.int64), ["read"]),
}
CONSTANTS = {"packed/token_axis": np.array([1, 1]), "packed/ones": np.array([1, 1]), "packed/first": np.array(0)}
MASK = "packed/mask"


def share_prefixes(path: Path) -> None:
    """Give the graph at `path` the three inputs, in place; weights in a file beside it stay there.

    It is not optimized yet, as onnxruntime may fuse what counts positions with the embedding of tokens.
    """
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    [counting] = (node for node in graph.node if node.op_type == "Range")
    [reading] = (node for node in graph.node if node.op_type == "GatherElements")
    [pooling] = (node for node in graph.node if reading.output[0] in node.input)
    following = {
        id(counting): [_in_place_of(counting, "Add", POSITION_SHIFTS)],
        id(pooling): [
            helper.make_node("Gather", [reading.input[0], READ_AT], ["packed/read"], axis=1),
            helper.make_node("Gather", ["packed/read", "packed/first"], ["packed/rows"], axis=0),
            _in_place_of(pooling, "Concat", "packed/rows", axis=0),
        ],
    }
    nodes = [one for node in graph.node for one in (node, *following.get(id(node), ()))]
    for node in nodes:
        if node.op_type == "MultiHeadAttention":
            node.input.extend([""] * (ATTENTION_BIAS - len(node.input)))
            node.input.append(MASK)
    _replace_nodes(graph, [*_mask_nodes(graph.input[0].name), *nodes])
    _add_inputs(graph)
    onnx.save(model, path)


def _in_place_of(node: NodeProto, kind: str, other: str, **attributes: int) -> NodeProto:
    """Return a node of two inputs, `node`'s output and another, that has the name of that output, which gets a new one."""
    name = node.output[0]
    node.output[0] = f"packed/{name}"
    return helper.make_node(kind, [node.output[0], other], [name], **attributes)


def _mask_nodes(input_ids: str) -> list[NodeProto]:
    """Return the nodes that make of `HIDDEN`, or its default, what attention over (n, t) tokens adds: (1, 1, t, t)."""
    return [
        helper.make_node("Shape", [input_ids], ["packed/shape"]),
        helper.make_node("Gather", ["packed/shape", "packed/token_axis"], ["packed/tokens"], axis=0),
        helper.make_node("Concat", ["packed/ones", "packed/tokens"], ["packed/mask_shape"], axis=0),
        helper.make_node("Expand", [HIDDEN, "packed/mask_shape"], [MASK]),
    ]


def _replace_nodes(graph: GraphProto, nodes: list[NodeProto]) -> None:
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]  # those in the graph go with the old list
    del graph.node[:]
    graph.node.extend(copies)


def _add_inputs(graph: GraphProto) -> None:
    for name, (default, shape) in DEFAULTS.items():
        kind = helper.np_dtype_to_tensor_dtype(default.dtype)
        graph.input.append(helper.make_tensor_value_info(name, kind, shape))
        graph.initializer.append(numpy_helper.from_array(default, name))
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in CONSTANTS.items())
