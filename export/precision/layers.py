"""An fp32 graph on disk as a set of layers, each of which can be given a precision.

Owns what counts as a layer, and its name. Large weights stay in the file beside the graph until they are asked for. Rounds
nothing and runs nothing.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

import onnx
from onnx import numpy_helper

from export.precision.rounding import Weights

Kind = Literal["product", "table", "kernel"]
OPERAND = {"MatMul": 1, "Gather": 0, "Conv": 1}  # which input of a node may be a layer's weight
KINDS: tuple[Kind, ...] = ("product", "table", "kernel")
KIND_OF: dict[str, Kind] = {"MatMul": "product", "Gather": "table", "Conv": "kernel"}


@dataclass(frozen=True)
class Layer:
    """One weight and all nodes that read it.

    A "product" is a (k, n) matrix by which MatMul nodes multiply; Gather nodes may read it, too, as they read BLIP's tied
    word embedding. A "table" has two axes and is read by Gather alone, along `axis`. A "kernel" is a convolution's weight,
    its outputs along the first axis.
    """

    name: str
    kind: Kind
    weight: str
    shape: tuple[int, ...]
    axis: int = 0

    @property
    def weights(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class ExactGraph:
    """An fp32 graph and its layers, by name."""

    def __init__(self, path: Path) -> None:
        """Read the structure of the graph at `path`; its large weights stay where they are."""
        self.path = path
        self.proto: onnx.ModelProto = onnx.load(path, load_external_data=False)
        self.tensors: dict[str, onnx.TensorProto] = {tensor.name: tensor for tensor in self.proto.graph.initializer}
        self.layers: dict[str, Layer] = {layer.name: layer for layer in self._find_layers()}

    def read(self, tensor: str) -> Weights:
        """Return a weight, wherever it is stored."""
        return cast(Weights, numpy_helper.to_array(self.tensors[tensor], base_dir=str(self.path.parent)))

    @cached_property
    def layer_of(self) -> dict[str, Layer]:
        """Return the layers by the name of their weight."""
        return {layer.weight: layer for layer in self.layers.values()}

    def layer_read_by(self, node: onnx.NodeProto) -> Layer | None:
        """Return the layer whose weight a node multiplies with or looks up in."""
        return self.layer_of.get(_operand(node))

    def _find_layers(self) -> Iterator[Layer]:
        nodes: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.proto.graph.node:
            if _operand(node) in self.tensors:
                nodes[_operand(node)].append(node)
        for weight, readers in nodes.items():
            tensor, kinds = self.tensors[weight], {node.op_type: KIND_OF[node.op_type] for node in readers}
            kind = min(kinds.values(), key=KINDS.index)
            axes = 4 if kind == "kernel" else 2
            if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) == axes:
                axis = next((axis_of(node) for node in readers if node.op_type == "Gather"), 0)
                yield Layer(_name(weight, readers[0]), kind, weight, tuple(tensor.dims), axis)


def _operand(node: onnx.NodeProto) -> str:
    """Return the name of the tensor that a node multiplies, looks up or convolves with; "" for other nodes."""
    position = OPERAND.get(node.op_type)
    return "" if position is None else node.input[position]


def axis_of(node: onnx.NodeProto) -> int:
    """Return the axis that a Gather looks up along."""
    return next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0)


def _name(weight: str, reader: onnx.NodeProto) -> str:
    """Return the parameter's name; for a weight that the exporter made, the path of the node that reads it."""
    if "::" in weight:
        return str(reader.name).strip("/").removesuffix("/MatMul").replace("/", ".")
    return weight.removesuffix(".weight")
