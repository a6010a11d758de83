"""An fp32 graph rewritten so that each layer has the precision chosen for it.

Owns the nodes that stand for a rounded product or lookup. Rounds by `quantize.py`, chooses and measures nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from export.layers import ExactGraph, Layer, axis_of
from export.quantize import (
    BLOCK_ZERO,
    Choice,
    Target,
    Weights,
    block_of,
    round_blocks,
    round_columns,
    round_kernel,
    round_rows,
)

COMPUTE_INT8 = 4  # MatMulNBits' accuracy_level for activations in int8
FLOAT = onnx.TensorProto.FLOAT


@dataclass
class Edits:
    """What changes parts of a graph and, all together, leaves its function.

    Attributes:
        weights: in the place of others, by name.
        norms: gain and bias in the place of others, by the norm's node.
        factors: (k,) each, by the name of a tensor; layers read it multiplied.
    """

    weights: dict[str, Weights] = field(default_factory=dict)
    norms: dict[str, tuple[Weights, Weights]] = field(default_factory=dict)
    factors: dict[str, Weights] = field(default_factory=dict)


def rewrite(graph: ExactGraph, choice: Choice, target: Target, edits: Edits | None = None) -> onnx.ModelProto:
    """Return the graph with its layers as chosen; large fp32 weights that stay still lie in the file beside it."""
    return _Rewriting(graph, choice, target, edits or Edits()).run()


def write_whole(model: onnx.ModelProto, weights_from: Path, path: Path) -> None:
    """Write a rewritten graph as one file, with the weights that lie beside the exact graph, in `weights_from`, taken in."""
    onnx.load_external_data_for_model(model, str(weights_from))
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


class _Rewriting:
    """One pass over the nodes of a graph."""

    def __init__(self, graph: ExactGraph, choice: Choice, target: Target, edits: Edits) -> None:
        self._graph, self._choice, self._target, self._edits = graph, choice, target, edits
        self._nodes: list[onnx.NodeProto] = []
        self._made: dict[str, onnx.TensorProto] = {}
        self._rounded_inputs: set[str] = set()
        self._equal: set[str] = set()

    def run(self) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(self._graph.proto)
        for node in model.graph.node:
            self._replace_norm(node)
            self._multiply_input(node)
            self._take(node)
        del model.graph.node[:]
        model.graph.node.extend(self._nodes)
        read = {name for node in self._nodes for name in node.input} | {output.name for output in model.graph.output}
        kept = [tensor for tensor in model.graph.initializer if tensor.name in read and tensor.name not in self._made]
        del model.graph.initializer[:]
        model.graph.initializer.extend([*kept, *self._made.values()])
        del model.graph.value_info[:]  # the exporter's notes on shapes, which onnxruntime infers again
        if not any(opset.domain == "com.microsoft" for opset in model.opset_import):
            model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
        return model

    def _replace_norm(self, node: onnx.NodeProto) -> None:
        if node.name in self._edits.norms:
            gain, bias = self._edits.norms[node.name]
            node.input[1] = self._keep(f"{node.name}/gain", lambda: gain)
            node.input[2] = self._keep(f"{node.name}/bias", lambda: bias)

    def _multiply_input(self, node: onnx.NodeProto) -> None:
        source = node.input[0] if self._graph.layer_read_by(node) else ""
        if source in self._edits.factors:
            node.input[0] = f"{source}_equal"
            if node.input[0] not in self._equal:  # q, k and v read one tensor: it is multiplied once
                self._equal.add(node.input[0])
                factors = self._keep(f"{source}_factors", lambda: self._edits.factors[source])
                self._add("Mul", [source, factors], [node.input[0]], f"{source}/equal")

    def _take(self, node: onnx.NodeProto) -> None:
        layer = self._graph.layer_read_by(node)
        precision = self._choice.get(layer.name, "fp32") if layer else "fp32"
        if layer is None or precision == "fp32":
            if layer and layer.weight in self._edits.weights:
                self._keep(layer.weight, lambda: self._weight(layer))
            self._nodes.append(node)
        elif layer.kind == "kernel":
            self._convolve_widened(node, layer)
        elif node.op_type == "MatMul":
            (self._multiply_blocks if precision == "block8" else self._multiply_int8)(node, layer)
        elif layer.kind == "table":
            self._look_up_rows(node, layer)
        else:
            (self._look_up_blocks if precision == "block8" else self._look_up_columns)(node, layer)

    def _multiply_int8(self, node: onnx.NodeProto, layer: Layer) -> None:
        source, output, name = node.input[0], node.output[0], node.name
        rounded, scale, zero = f"{source}_int8", f"{source}_scale", f"{source}_zero"
        if source not in self._rounded_inputs:  # q, k and v read one norm: it is rounded once
            self._rounded_inputs.add(source)
            self._add("DynamicQuantizeLinear", [source], [rounded, scale, zero], f"{source}/round")
        weight, scales = self._columns(layer)
        zeros = self._keep(f"zeros_{layer.shape[1]}", lambda: np.zeros(layer.shape[1], np.int8))
        self._add("MatMulInteger", [rounded, weight, zero, zeros], [f"{output}_int32"], f"{name}/int32")
        self._add("Cast", [f"{output}_int32"], [f"{output}_cast"], f"{name}/cast", to=FLOAT)
        self._add("Mul", [scale, scales], [f"{output}_scales"], f"{name}/scales")
        self._add("Mul", [f"{output}_cast", f"{output}_scales"], [output], f"{name}/scaled")

    def _multiply_blocks(self, node: onnx.NodeProto, layer: Layer) -> None:
        inputs, outputs = layer.shape
        form = {"K": inputs, "N": outputs, "bits": 8, "block_size": block_of(inputs), "accuracy_level": COMPUTE_INT8}
        operands = [node.input[0], *self._blocks(layer)]
        self._add("MatMulNBits", operands, [node.output[0]], f"{node.name}/blocks", domain="com.microsoft", **form)

    def _convolve_widened(self, node: onnx.NodeProto, layer: Layer) -> None:
        """Store a kernel in int8 and convolve in fp32: onnxruntime widens it once, when it opens the graph."""
        rounded, scales = self._pair(layer, "int8", lambda: round_kernel(self._weight(layer)))
        weight = layer.weight
        self._add("Cast", [rounded], [f"{weight}_cast"], f"{node.name}/cast", to=FLOAT)
        self._add("Mul", [f"{weight}_cast", scales], [f"{weight}_widened"], f"{node.name}/widened")
        node.input[1] = f"{weight}_widened"
        self._nodes.append(node)

    def _look_up_rows(self, node: onnx.NodeProto, layer: Layer) -> None:
        rows, scales = self._pair(layer, "rows", lambda: round_rows(self._weight(layer), layer.axis))
        self._look_up(node, rows, scales, scale_axis=layer.axis)

    def _look_up_columns(self, node: onnx.NodeProto, layer: Layer) -> None:
        self._look_up(node, *self._columns(layer), scale_axis=0)

    def _look_up(self, node: onnx.NodeProto, table: str, scales: str, *, scale_axis: int) -> None:
        """Look up int8 and scales with the indices of `node`."""
        output, name, indices = node.output[0], node.name, node.input[1]
        self._add("Gather", [table, indices], [f"{output}_int8"], f"{name}/int8", axis=axis_of(node))
        self._add("Cast", [f"{output}_int8"], [f"{output}_cast"], f"{name}/cast", to=FLOAT)
        self._add("Gather", [scales, indices], [f"{output}_scale"], f"{name}/scale", axis=scale_axis)
        self._add("Mul", [f"{output}_cast", f"{output}_scale"], [output], f"{name}/scaled")

    def _look_up_blocks(self, node: onnx.NodeProto, layer: Layer) -> None:
        """Look up columns of a product stored in blocks: (t, blocks, block) to (k, t)."""
        output, name, indices, (blocks, scales) = node.output[0], node.name, node.input[1], self._blocks(layer)
        zero = self._keep("block_zero", lambda: np.array(BLOCK_ZERO, np.float32))
        last = self._keep("last_axis", lambda: np.array([-1]))
        row = self._keep(f"{layer.weight}_row", lambda: np.array([-1, layer.shape[0]]))
        self._add("Gather", [blocks, indices], [f"{output}_uint8"], f"{name}/uint8", axis=0)
        self._add("Cast", [f"{output}_uint8"], [f"{output}_cast"], f"{name}/cast", to=FLOAT)
        self._add("Sub", [f"{output}_cast", zero], [f"{output}_centred"], f"{name}/centred")
        self._add("Gather", [scales, indices], [f"{output}_scale"], f"{name}/scale", axis=0)
        self._add("Unsqueeze", [f"{output}_scale", last], [f"{output}_of_block"], f"{name}/of_block")
        self._add("Mul", [f"{output}_centred", f"{output}_of_block"], [f"{output}_scaled"], f"{name}/scaled")
        self._add("Reshape", [f"{output}_scaled", row], [f"{output}_rows"], f"{name}/rows")
        self._add("Transpose", [f"{output}_rows"], [output], f"{name}/columns", perm=[1, 0])

    def _columns(self, layer: Layer) -> tuple[str, str]:
        return self._pair(layer, "int8", lambda: round_columns(self._weight(layer), self._target))

    def _blocks(self, layer: Layer) -> tuple[str, str]:
        return self._pair(layer, "blocks", lambda: round_blocks(self._weight(layer)))

    def _pair(self, layer: Layer, form: str, make: Callable[[], tuple[NDArray[Any], Weights]]) -> tuple[str, str]:
        """Keep a rounded weight and its scales, once for all their readers; onnxruntime widens the scales when it opens."""
        names = f"{layer.weight}_{form}", f"{layer.weight}_{form}_scales"
        if names[0] not in self._made:
            rounded, scales = make()
            stored = f"{names[1]}_stored"
            self._made[names[0]] = numpy_helper.from_array(rounded, names[0])
            self._made[stored] = _to_bfloat16(scales, stored)
            self._add("Cast", [stored], [names[1]], f"{names[1]}/cast", to=FLOAT)
        return names

    def _keep(self, name: str, make: Callable[[], NDArray[Any]]) -> str:
        if name not in self._made:
            self._made[name] = numpy_helper.from_array(make(), name)
        return name

    def _weight(self, layer: Layer) -> Weights:
        edited = self._edits.weights.get(layer.weight)
        return self._graph.read(layer.weight) if edited is None else edited

    def _add(self, kind: str, inputs: list[str], outputs: list[str], name: str, **attributes: Any) -> None:  # noqa: ANN401 (what onnx takes)
        self._nodes.append(helper.make_node(kind, inputs, outputs, name, **attributes))


def _to_bfloat16(scales: Weights, name: str) -> onnx.TensorProto:
    """Store scales that bfloat16 holds exactly: the upper halves of their bits."""
    halves = (np.ascontiguousarray(scales).view(np.uint32) >> 16).astype("<u2")
    return helper.make_tensor(name, onnx.TensorProto.BFLOAT16, scales.shape, halves.tobytes(), raw=True)
