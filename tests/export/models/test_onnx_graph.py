"""The tidying of traced graphs."""

import pytest
from onnx import TensorProto, helper

from export.models.onnx_graph import bypass_identities

pytestmark = pytest.mark.torch


def test_copies_of_a_weight_are_read_at_their_origin_and_outputs_keep_their_names() -> None:
    nodes = [
        helper.make_node("Identity", ["weight"], ["copy"]),
        helper.make_node("Identity", ["copy"], ["copy of the copy"]),
        helper.make_node("MatMul", ["x", "copy of the copy"], ["product"]),
        helper.make_node("Identity", ["product"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y"))
    graph = helper.make_graph(nodes, "copies", [x], [y])
    bypass_identities(graph)
    assert [(node.op_type, *node.input, *node.output) for node in graph.node] == [
        ("MatMul", "x", "weight", "product"),
        ("Identity", "product", "y"),
    ]
