"""fp32 graphs to dynamic int8: matrix products per channel by onnxruntime's quantizer, embedding tables row by row here.

Owns how a weight is rounded, and that a table which is also an output layer (BLIP's tied words) stays one tensor. What the
rounding costs is measured in `parity.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from export.graphs import quiet

Precision = Literal["int8-7bit", "int8", "fp32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
ROW_MAX = 127  # rows are looked up, never multiplied in int8, so all eight bits are safe on every CPU


def quantize_graph(source: Path, target: Path, *, weight_bits: int) -> None:
    """Write the int8 form of the fp32 graph `source` to `target`.

    Args:
        source: an fp32 graph.
        target: the file to write; its folder is made.
        weight_bits: 7 keeps products of unsigned 8-bit activations and weights from saturating in 16 bits, so that CPUs
            without VNNI (all that AWS Lambda promises) answer as those with it; 8 is finer, for CPUs with VNNI or arm64.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _quantize_products(source, target, weight_bits)
    model = onnx.load(target)
    quantize_tables(model)
    onnx.save(model, target)


def quantize_tables(model: onnx.ModelProto) -> None:
    """Let every lookup in an fp32 table read int8 instead, in place.

    A table whose int8 form the matrix products already made is read there; another gets one scale a row, max |row| / 127.
    """
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        table = tensors.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.data_type != onnx.TensorProto.FLOAT or len(table.dims) != 2:
            nodes.append(node)
        elif f"{table.name}_quantized" in tensors:
            nodes += _look_up(node, f"{table.name}_quantized", f"{table.name}_scale", scale_axis=0)
        else:
            graph.initializer.extend(_round_rows(table, _axis_of(node)))
            nodes += _look_up(node, f"{table.name}_rows", f"{table.name}_row_scales", scale_axis=_axis_of(node))
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unread(graph)
    del graph.value_info[:]  # the quantizer's notes on shapes, which onnxruntime infers again


def _quantize_products(source: Path, target: Path, weight_bits: int) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with quiet():
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=weight_bits == 7,
            weight_type=QuantType.QInt8,
            # It cannot infer what com.microsoft nodes give; all of ours give float32.
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
        )


def _round_rows(table: onnx.TensorProto, axis: int) -> Iterator[onnx.TensorProto]:
    """Yield a two-dimensional table as int8, and one float32 scale for each index of the axis looked up along."""
    rows = cast(NDArray[np.float32], numpy_helper.to_array(table))
    scales = np.abs(rows).max(axis=1 - axis, keepdims=True) / np.float32(ROW_MAX)
    scales[scales == 0] = 1.0  # a row of zeros, as a padding token's is
    yield numpy_helper.from_array(np.rint(rows / scales).astype(np.int8), f"{table.name}_rows")
    yield numpy_helper.from_array(scales, f"{table.name}_row_scales")


def _look_up(node: onnx.NodeProto, table: str, scales: str, *, scale_axis: int) -> Iterator[onnx.NodeProto]:
    """Yield the nodes that look up int8 and scales with the indices of `node`, and give what it gave."""
    name, indices, output = node.name, node.input[1], node.output[0]
    rounded, widened, scale = (f"{output}_{part}" for part in ("rounded", "widened", "scale"))
    yield helper.make_node("Gather", [table, indices], [rounded], f"{name}/rounded", axis=_axis_of(node))
    yield helper.make_node("Cast", [rounded], [widened], f"{name}/widened", to=onnx.TensorProto.FLOAT)
    yield helper.make_node("Gather", [scales, indices], [scale], f"{name}/scale", axis=scale_axis)
    yield helper.make_node("Mul", [widened, scale], [output], f"{name}/scaled")


def _axis_of(gather: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in gather.attribute if attribute.name == "axis"), 0)


def _drop_unread(graph: onnx.GraphProto) -> None:
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
