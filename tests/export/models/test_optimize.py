"""A graph optimized at export says what it said, opens without being optimized again, and needs both its files."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from export.models.optimize import optimize_graph
from runtime.artefacts.file_record import record_graph
from runtime.errors import SessionFailed
from runtime.models.onnx_session import Session

WIDTH = 64  # 16 KB of weights: more than stays in the graph


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A product, a bias and a GELU written out: onnxruntime fuses the last two."""
    rng, path = np.random.default_rng(0), tmp_path / "tower.onnx"
    weight, bias = rng.standard_normal((WIDTH, WIDTH)), rng.standard_normal(WIDTH)
    numbers = {"weight": weight, "bias": bias, "root": np.array(2**0.5), "one": np.array(1), "half": np.array(0.5)}
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Div", ["sum", "root"], ["scaled"]),
        helper.make_node("Erf", ["scaled"], ["erf"]),
        helper.make_node("Add", ["erf", "one"], ["shifted"]),
        helper.make_node("Mul", ["sum", "shifted"], ["double"]),
        helper.make_node("Mul", ["double", "half"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", WIDTH]) for name in "xy"]
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in numbers.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "tower", ends[:1], ends[1:], tensors),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    onnx.save(model, path)
    return path


def test_it_says_the_same_from_two_files(graph: Path) -> None:
    x = np.random.default_rng(1).standard_normal((3, WIDTH)).astype(np.float32)
    [before] = Session(graph, 1).run(["y"], {"x": x})
    optimize_graph(graph)
    assert sorted(path.name for path in graph.parent.iterdir()) == ["tower.onnx", "tower.weights"]
    [after] = Session(graph, 1).run(["y"], {"x": x})
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-6)


def test_what_is_fused_at_export_is_fused_in_the_file(graph: Path) -> None:
    optimize_graph(graph)
    nodes = [node.op_type for node in onnx.load(graph, load_external_data=False).graph.node]
    assert nodes == ["Gemm", "Gelu"]


def test_the_record_names_both_files(graph: Path) -> None:
    assert record_graph(graph.parent, graph.name).files() == [record_graph(graph.parent, graph.name)]
    optimize_graph(graph)
    record = record_graph(graph.parent, graph.name)
    assert [file.path for file in record.files()] == ["tower.onnx", "tower.weights"]
    assert record.weights is not None
    assert record.weights.bytes >= WIDTH * WIDTH * 4


def test_weights_that_are_cut_short_are_refused(graph: Path) -> None:
    optimize_graph(graph)
    weights = graph.with_suffix(".weights")
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(SessionFailed, match=r"tower\.onnx"):
        Session(graph, 1)
