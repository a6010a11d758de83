"""Rewrites an fp32 graph so that each layer has the precision chosen for it.

Owns the nodes that replace a product, a lookup or a convolution. Weights are rounded by `rounding.py`; nothing is chosen or
measured here.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from export.precision.edits import Edits
from export.precision.layers import ExactGraph, Layer, axis_of
from export.precision.rounding import (
    BLOCK_ZERO,
    ROW_CENTRE,
    ROW_MAX,
    Choice,
    Target,
    Weights,
    block_length,
    round_blocks,
    round_columns,
    round_kernel,
    round_rows,
)

COMPUTE_INT8 = 4  # MatMulNBits' accuracy_level for activations in int8
FLOAT = onnx.TensorProto.FLOAT


def rewrite(graph: ExactGraph, choice: Choice, target: Target, edits: Edits | None = None) -> onnx.ModelProto:
    """Return the graph with its layers as chosen. Large weights that stay fp32 are still read from the file beside it."""
    return _Rewriting(graph, choice, target, edits or Edits()).run()


def write_single_file(model: onnx.ModelProto, weights_from: Path, path: Path) -> None:
    """Write a rewritten graph and its weights as one file; `weights_from` is the folder of the exact graph's weights."""
    onnx.load_external_data_for_model(model, str(weights_from))
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


class _Rewriting:
    """One pass over the nodes of a graph."""

    def __init__(self, graph: ExactGraph, choice: Choice, target: Target, edits: Edits) -> None:
        self._graph, self._choice, self._target, self._edits = graph, choice, target, edits
        self._nodes: list[onnx.NodeProto] = []
        self._new_tensors: dict[str, onnx.TensorProto] = {}
        self._rounded: dict[str, list[str]] = {}  # by the tensor rounded: its int8 form, scale and zero point
        self._rounded_rows: dict[str, list[str]] = {}  # by the same: its int8 form, scales and centres of its rows
        self._scaled: dict[str, str] = {}  # by the tensor multiplied by factors: the product
        self._count = 0

    def run(self) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(self._graph.proto)
        for name, bias in self._edits.biases.items():
            self._new_tensors[name] = numpy_helper.from_array(bias, name)
        for node in model.graph.node:
            self._replace_norm(node)
            self._multiply_input(node)
            self._rewrite(node)
        del model.graph.node[:]
        model.graph.node.extend(self._nodes)
        read = {name for node in self._nodes for name in node.input} | {output.name for output in model.graph.output}
        kept = [tensor for tensor in model.graph.initializer if tensor.name in read and tensor.name not in self._new_tensors]
        del model.graph.initializer[:]
        model.graph.initializer.extend([*kept, *self._new_tensors.values()])
        del model.graph.value_info[:]  # shapes that the exporter wrote down; onnxruntime infers them again
        if not any(opset.domain == "com.microsoft" for opset in model.opset_import):
            model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
        return model

    def _replace_norm(self, node: onnx.NodeProto) -> None:
        if node.name in self._edits.norms:
            gain, bias = self._edits.norms[node.name]
            node.input[1] = self._add_tensor(f"{node.name}/gain", lambda: gain)
            node.input[2] = self._add_tensor(f"{node.name}/bias", lambda: bias)

    def _multiply_input(self, node: onnx.NodeProto) -> None:
        source = node.input[0] if self._graph.layer_read_by(node) else ""
        if source in self._edits.factors:
            if source not in self._scaled:  # q, k and v read one tensor: it is multiplied once
                factors = self._add_tensor(f"{source}_factors", lambda: self._edits.factors[source])
                self._scaled[source] = self._add_node("Mul", source, factors)
            node.input[0] = self._scaled[source]

    def _rewrite(self, node: onnx.NodeProto) -> None:
        layer = self._graph.layer_read_by(node)
        precision = self._choice.get(layer.name, "fp32") if layer else "fp32"
        if layer is None or precision == "fp32":
            if layer and self._edits.changes(layer.weight):
                self._add_tensor(layer.weight, lambda: self._weight(layer))
            self._nodes.append(node)
        elif layer.kind == "kernel":
            self._convolve_converted(node, layer)
        elif node.op_type == "MatMul":
            multiply = {"int8": self._multiply_int8, "row8": self._multiply_rows, "block8": self._multiply_blocks}
            multiply[precision](node, layer)
        elif layer.kind == "table":
            self._look_up_rows(node, layer)
        else:
            (self._look_up_blocks if precision == "block8" else self._look_up_columns)(node, layer)

    def _multiply_int8(self, node: onnx.NodeProto, layer: Layer) -> None:
        source = node.input[0]
        if source not in self._rounded:  # q, k and v read one norm: it is rounded once
            self._rounded[source] = self._add_node_with_outputs("DynamicQuantizeLinear", source, outputs=3)
        rounded, scale, zero = self._rounded[source]
        self._multiply_levels(node, layer, rounded, zero, scale, gives=node.output[0])

    def _multiply_rows(self, node: onnx.NodeProto, layer: Layer) -> None:
        """Multiply x = centre + scale * (levels - `ROW_CENTRE`): the centre, by the sums of the weight's columns.

        A row of equal values has a scale of zero, and undefined levels that are multiplied by it.
        """
        source = node.input[0]
        if source not in self._rounded_rows:
            self._rounded_rows[source] = self._round_rows(source)
        rounded, scale, centre = self._rounded_rows[source]
        zero, unit = self._add_constant("row_zero", np.uint8(ROW_CENTRE)), self._add_constant("unit", np.float32(1))
        product = self._multiply_levels(node, layer, rounded, zero, unit)
        sums = self._add_tensor(f"{layer.weight}_sums", lambda: self._column_sums(layer))
        scaled, centred = self._add_node("Mul", product, scale), self._add_node("Mul", centre, sums)
        self._add_node("Add", scaled, centred, gives=node.output[0])

    def _round_rows(self, source: str) -> list[str]:
        """Return (..., k) activations as uint8 levels, and each row's scale and centre, (..., 1)."""
        axis = self._add_constant("row_axis", np.array([-1]))
        half = self._add_constant("row_half", np.float32(0.5))
        level = self._add_constant("row_level", np.float32(1 / (2 * ROW_MAX)))
        unit, zero = self._add_constant("unit", np.float32(1)), self._add_constant("row_zero", np.uint8(ROW_CENTRE))
        largest, least = self._add_node("ReduceMax", source, axis), self._add_node("ReduceMin", source, axis)
        centre = self._add_node("Mul", self._add_node("Add", largest, least), half)
        scale = self._add_node("Mul", self._add_node("Sub", largest, least), level)
        divided = self._add_node("Div", self._add_node("Sub", source, centre), scale)
        return [self._add_node("QuantizeLinear", divided, unit, zero), scale, centre]

    def _multiply_levels(
        self, node: onnx.NodeProto, layer: Layer, levels: str, zero: str, scale: str, *, gives: str = ""
    ) -> str:
        """Return the product of levels and int8 weights, as float32; onnxruntime makes one operator of these nodes."""
        weight, scales = self._columns(layer)
        zeros = self._add_tensor(f"zeros_{layer.shape[1]}", lambda: np.zeros(layer.shape[1], np.int8))
        product = self._add_node("MatMulInteger", levels, weight, zero, zeros, name=node.name)
        converted = self._add_node("Cast", product, to=FLOAT)
        return self._add_node("Mul", converted, self._add_node("Mul", scale, scales), gives=gives)

    def _multiply_blocks(self, node: onnx.NodeProto, layer: Layer) -> None:
        inputs, outputs = layer.shape
        form = {"K": inputs, "N": outputs, "bits": 8, "block_size": block_length(inputs), "accuracy_level": COMPUTE_INT8}
        operands = [node.input[0], *self._blocks(layer)]
        self._add_node("MatMulNBits", *operands, name=node.name, gives=node.output[0], domain="com.microsoft", **form)

    def _convolve_converted(self, node: onnx.NodeProto, layer: Layer) -> None:
        """Store a kernel in int8 and convolve in fp32: onnxruntime converts it once, when it opens the graph."""
        rounded, scales = self._store_rounded(layer, "int8", lambda: round_kernel(self._weight(layer)))
        node.input[1] = self._add_node("Mul", self._add_node("Cast", rounded, to=FLOAT), scales)
        self._nodes.append(node)

    def _look_up_rows(self, node: onnx.NodeProto, layer: Layer) -> None:
        rows, scales = self._store_rounded(layer, "rows", lambda: round_rows(self._weight(layer), layer.axis))
        self._look_up(node, rows, scales, scale_axis=layer.axis)

    def _look_up_columns(self, node: onnx.NodeProto, layer: Layer) -> None:
        self._look_up(node, *self._columns(layer), scale_axis=0)

    def _look_up(self, node: onnx.NodeProto, table: str, scales: str, *, scale_axis: int) -> None:
        """Look up the int8 rows and their scales by the indices of `node`, and multiply them."""
        rounded = self._add_node("Gather", table, node.input[1], name=node.name, axis=axis_of(node))
        scale = self._add_node("Gather", scales, node.input[1], axis=scale_axis)
        self._add_node("Mul", self._add_node("Cast", rounded, to=FLOAT), scale, gives=node.output[0])

    def _look_up_blocks(self, node: onnx.NodeProto, layer: Layer) -> None:
        """Look up columns of a product stored in blocks: (t, blocks, block) to (k, t)."""
        blocks, scales = self._blocks(layer)
        zero = self._add_tensor("block_zero", lambda: np.array(BLOCK_ZERO, np.float32))
        last = self._add_tensor("last_axis", lambda: np.array([-1]))
        row = self._add_tensor("row", lambda: np.array([-1, layer.shape[0]]))
        rounded = self._add_node("Gather", blocks, node.input[1], name=node.name, axis=0)
        centred = self._add_node("Sub", self._add_node("Cast", rounded, to=FLOAT), zero)
        scale = self._add_node("Unsqueeze", self._add_node("Gather", scales, node.input[1], axis=0), last)
        rows = self._add_node("Reshape", self._add_node("Mul", centred, scale), row)
        self._add_node("Transpose", rows, gives=node.output[0], perm=[1, 0])

    def _columns(self, layer: Layer) -> tuple[str, str]:
        return self._store_rounded(layer, "int8", lambda: round_columns(self._weight(layer), self._target))

    def _blocks(self, layer: Layer) -> tuple[str, str]:
        return self._store_rounded(layer, "blocks", lambda: round_blocks(self._weight(layer)))

    def _store_rounded(self, layer: Layer, form: str, make: Callable[[], tuple[NDArray[Any], Weights]]) -> tuple[str, str]:
        """Add a rounded weight and its scales, once for all their readers; onnxruntime converts the scales when it opens."""
        names = f"{layer.weight}_{form}", f"{layer.weight}_{form}_scales"
        if names[0] not in self._new_tensors:
            rounded, scales = make()
            stored = f"{names[1]}_stored"
            self._new_tensors[names[0]] = numpy_helper.from_array(rounded, names[0])
            self._new_tensors[stored] = _to_bfloat16(scales, stored)
            self._add_node("Cast", stored, gives=names[1], to=FLOAT)
        return names

    def _add_tensor(self, name: str, make: Callable[[], NDArray[Any]]) -> str:
        if name not in self._new_tensors:
            self._new_tensors[name] = numpy_helper.from_array(make(), name)
        return name

    def _add_constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        return self._add_tensor(name, lambda: np.asarray(value))

    def _column_sums(self, layer: Layer) -> Weights:
        """Return the (n,) sums over each column of the rounded weight."""
        rounded, scales = round_columns(self._weight(layer), self._target)
        sums: Weights = (rounded.sum(axis=0, dtype=np.int64) * scales).astype(np.float32)
        return sums

    def _weight(self, layer: Layer) -> Weights:
        return self._edits.apply(layer.weight, self._graph.read(layer.weight))

    def _add_node(self, kind: str, *inputs: str, name: str = "", gives: str = "", **attributes: Any) -> str:  # noqa: ANN401 (what onnx takes)
        """Add a node and return the name of its output, a new short one unless `gives` names it."""
        output = gives or self._new_name()
        self._nodes.append(helper.make_node(kind, inputs, [output], name, **attributes))
        return output

    def _add_node_with_outputs(self, kind: str, source: str, *, outputs: int) -> list[str]:
        names = [self._new_name() for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, [source], names))
        return names

    def _new_name(self) -> str:
        self._count += 1
        return f"r{self._count}"


def _to_bfloat16(scales: Weights, name: str) -> onnx.TensorProto:
    """Store scales that bfloat16 holds exactly: the upper halves of their bits."""
    halves = (np.ascontiguousarray(scales).view(np.uint32) >> 16).astype("<u2")
    return helper.make_tensor(name, onnx.TensorProto.BFLOAT16, scales.shape, halves.tobytes(), raw=True)
