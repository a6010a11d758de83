"""The arithmetic of rounding: how near it stays, and that products cannot saturate where the CPU would let them."""

import numpy as np
import pytest

from export.precision.rounding import (
    BLOCK_ZERO,
    block_length,
    round_activations,
    round_blocks,
    round_columns,
    round_kernel,
    round_rows,
)


def draw_weight(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(rows).standard_normal((rows, columns)).astype(np.float32)


@pytest.mark.parametrize("target", ["avx2", "vnni", "arm64"])
def test_columns_are_rounded_by_half_a_step_at_most(target: str) -> None:
    weight = draw_weight(33, 7)
    weight[:, 3] = 0
    rounded, scales = round_columns(weight, target)
    assert rounded.dtype == np.int8
    assert np.all(np.abs(rounded * scales - weight) <= scales / 2 + 1e-7)


@pytest.mark.parametrize("weight", [draw_weight(64, 9), np.ones((8, 2), np.float32), -np.ones((7, 2), np.float32)])
def test_no_pair_of_neighbouring_inputs_can_saturate_16_bits(weight: np.ndarray) -> None:
    rounded, _ = round_columns(weight, "avx2")
    pairs = np.pad(rounded.astype(int), ((0, len(weight) % 2), (0, 0))).reshape(-1, 2, weight.shape[1])
    for sign in (1, -1):
        assert (255 * np.maximum(sign * pairs, 0).sum(axis=1)).max() < 2**15


def test_pairs_cost_less_than_a_whole_bit() -> None:
    weight = draw_weight(512, 64)
    errors = {}
    for name, (rounded, scales) in {
        "pairs": round_columns(weight, "avx2"),
        "eight bits": round_columns(weight, "vnni"),
        "seven bits": (np.rint(weight / np.abs(weight).max(axis=0) * 63), np.abs(weight).max(axis=0) / 63),
    }.items():
        errors[name] = np.abs(rounded * scales - weight).mean()
    assert errors["eight bits"] < errors["pairs"] < 0.8 * errors["seven bits"]


@pytest.mark.parametrize(("inputs", "block"), [(512, 32), (768, 32), (48, 16), (96, 32), (7, 16), (20, 16)])
def test_a_block_is_a_power_of_two_that_fits(inputs: int, block: int) -> None:
    assert block_length(inputs) == block


@pytest.mark.parametrize("inputs", [32, 48, 20])
def test_blocks_are_rounded_by_half_a_step_of_their_own(inputs: int) -> None:
    weight = draw_weight(inputs, 5)
    weight[:4] *= 100  # an outlier that spoils its block alone
    rounded, scales = round_blocks(weight)
    assert rounded.dtype == np.uint8
    restored = ((rounded.astype(np.float32) - BLOCK_ZERO) * scales[..., None]).reshape(5, -1)[:, :inputs].T
    half_steps = np.repeat(scales, block_length(inputs), axis=1)[:, :inputs].T / 2
    assert np.all(np.abs(restored - weight) <= half_steps + 1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_rows_of_a_table_are_rounded_by_half_a_step_of_their_own(axis: int) -> None:
    table = draw_weight(9, 7)
    table[2], table[:, 3] = 0, 0  # a padding token's row, or column
    rounded, scales = round_rows(table, axis)
    assert np.all(np.abs(rounded * scales - table) <= scales / 2 + 1e-7)


def test_a_kernel_is_rounded_by_half_a_step_of_each_output() -> None:
    kernel = draw_weight(6, 3 * 4 * 4).reshape(6, 3, 4, 4)
    kernel[1] *= 50
    rounded, scales = round_kernel(kernel)
    assert scales.shape == (6, 1, 1, 1)
    assert np.all(np.abs(rounded * scales - kernel) <= scales / 2 + 1e-6)


def test_activations_are_rounded_as_the_graph_rounds_them() -> None:
    import onnx
    import onnxruntime

    node = onnx.helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])
    outputs = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output]
    given = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, None])
    graph = onnx.helper.make_graph([node], "round", [given], outputs)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    rows = draw_weight(6, 11) * 3 + 1
    levels, scale, zero = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": rows})
    expected = (levels.astype(np.float32) - zero) * scale
    assert np.allclose(round_activations(rows, float(rows.min()), float(rows.max())), expected, atol=1e-6)
