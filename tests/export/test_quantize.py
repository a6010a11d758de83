"""What int8 graphs hold, and how near they stay."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.quantize import quantize_tables
from runtime.sessions import Session
from tests.export.small_checkpoints import Exported

pytestmark = pytest.mark.torch


def load_tensors(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


def make_lookup(table: np.ndarray, axis: int) -> onnx.ModelProto:
    node = helper.make_node("Gather", ["table", "indices"], ["rows"], "lookup", axis=axis)
    indices = helper.make_tensor_value_info("indices", TensorProto.INT64, ["n"])
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "lookup", [indices], [rows], [numpy_helper.from_array(table, "table")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize("graph", ["clip/text.onnx", "clip/image.onnx", "blip/vision.onnx", "blip/decoder.onnx"])
def test_every_matrix_is_int8_within_the_bits_asked_for(exported: Exported, graph: str) -> None:
    for precision, limit in (("int8-7bit", 64), ("int8", 128)):
        matrices = [
            tensor
            for name, tensor in load_tensors(exported[precision][0] / graph).items()
            if name.endswith("_quantized") and tensor.ndim == 2
        ]
        assert matrices
        assert all(tensor.dtype == np.int8 and np.abs(tensor.astype(int)).max() <= limit for tensor in matrices)
        assert max(np.abs(tensor.astype(int)).max() for tensor in matrices) > limit // 2


def test_tied_words_are_one_int8_tensor_read_by_lookup_and_product(exported: Exported) -> None:
    path = exported["int8-7bit"][0] / "blip/decoder.onnx"
    vocabulary = exported["fp32"][0] / "blip/decoder.onnx"
    shape = load_tensors(vocabulary)["words"].shape
    words = {name: tensor for name, tensor in load_tensors(path).items() if tensor.shape == shape}
    assert [tensor.dtype for tensor in words.values()] == [np.int8]
    (name,) = words
    readers = {node.op_type for node in onnx.load(path).graph.node if name in node.input}
    assert readers == {"Gather", "MatMulInteger"}


@pytest.mark.parametrize("axis", [0, 1])
def test_a_table_is_rounded_by_half_a_step_at_most(tmp_path: Path, axis: int) -> None:
    table = np.random.default_rng(0).standard_normal((9, 7)).astype(np.float32)
    table[2], table[:, 3] = 0, 0  # a padding token's row, or column
    model = make_lookup(table, axis)
    quantize_tables(model)
    onnx.save(model, tmp_path / "lookup.onnx")
    indices = np.array([2, 0, 6, 3])
    (given,) = Session(tmp_path / "lookup.onnx", 1).run(["rows"], {"indices": indices})
    half_steps = np.abs(table).max(axis=1 - axis, keepdims=True) / 254
    assert np.all(np.abs(given - table.take(indices, axis)) <= half_steps.take(indices, axis) + 1e-7)
    assert {tensor.name for tensor in model.graph.initializer} == {"table_rows", "table_row_scales"}


def test_lookups_of_indices_and_vectors_are_left_alone(tmp_path: Path) -> None:
    shape = make_lookup(np.arange(4.0, dtype=np.float32), axis=0)
    quantize_tables(shape)
    assert [node.op_type for node in shape.graph.node] == ["Gather"]


def test_int8_stays_near_fp32_and_is_smaller(exported: Exported) -> None:
    exact, rounded = exported["fp32"], exported["int8-7bit"]
    rng = np.random.default_rng(3)
    pixels = rng.standard_normal((1, 3, 32, 32)).astype(np.float32)
    token_ids = np.array([[54, *rng.integers(0, 54, 8), 55]])
    for graph, inputs in (("text", {"input_ids": token_ids}), ("image", {"pixel_values": pixels})):
        one, other = (
            Session(folder / f"clip/{graph}.onnx", 1).run(["embedding"], inputs)[0] for folder, _ in (exact, rounded)
        )
        assert (one * other).sum() > 0.995
    for before, after in zip(exact[1].files(), rounded[1].files(), strict=True):
        assert after.bytes < before.bytes or before.path.endswith("tokenizer.json")
