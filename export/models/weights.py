"""A graph's weights: from torch's memory into one file beside the graph, and from there into a graph of one piece.

Owns how weights that lie outside their graph are laid out. Holds no more than one of them besides the model itself.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import set_external_data

if TYPE_CHECKING:
    from torch import Tensor

PAGE_BYTES = 4096  # smaller tensors stay in the graph; larger ones begin at a page, so that onnxruntime can map them
TRANSPOSED = [1, 0]


def pour_weights(graph: onnx.GraphProto, weights: "Mapping[str, Tensor]", path: Path) -> None:
    """Turn the inputs of `graph` that are weights into initializers of the same names, in place; large ones go to `path`.

    A weight that is read only through Transpose nodes is stored transposed, so that products read constants, (K, N).

    Args:
        graph: has an input for each of the weights; those that nothing reads go.
        weights: the tensors by name.
        path: the file for the large ones; it lies beside the graph's own.
    """
    transposed = fold_transposes(graph, weights)
    read = {name for node in graph.node for name in node.input}
    with path.open("wb") as file:
        for name, tensor in weights.items():
            if name in read:
                array = tensor.numpy()
                graph.initializer.append(_store(array.T if name in transposed else array, name, file))
    inputs = [entry for entry in graph.input if entry.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)


def fold_transposes(graph: onnx.GraphProto, names: Iterable[str]) -> set[str]:
    """Let whoever reads a transposed matrix out of `names` read the matrix itself, in place, and return which those are.

    A matrix that is read as it is, too, is left alone.
    """
    turned = {node.output[0]: node.input[0] for node in graph.node if _turns_over(node)}
    read_straight = {name for node in graph.node if not _turns_over(node) for name in node.input}
    foldable = {name for name in set(names) & set(turned.values()) if name not in read_straight}
    kept = [node for node in graph.node if turned.get(node.output[0]) not in foldable]
    for node in kept:
        for position, name in enumerate(node.input):
            if turned.get(name) in foldable:
                node.input[position] = turned[name]
    del graph.node[:]
    graph.node.extend(kept)
    return foldable


def _turns_over(node: onnx.NodeProto) -> bool:
    return node.op_type == "Transpose" and any(list(attribute.ints) == TRANSPOSED for attribute in node.attribute)


def _store(array: NDArray[np.generic], name: str, file: BinaryIO) -> TensorProto:
    """Return the initializer of `array`, which holds it where it is small and else says where it now lies in `file`."""
    array = np.ascontiguousarray(array)
    if array.nbytes < PAGE_BYTES:
        return numpy_helper.from_array(array, name)
    file.write(bytes(-file.tell() % PAGE_BYTES))
    tensor = TensorProto(name=name, dims=array.shape, data_type=onnx.helper.np_dtype_to_tensor_dtype(array.dtype))
    tensor.raw_data = b""  # set_external_data wants the field to be there
    set_external_data(tensor, Path(file.name).name, offset=file.tell(), length=array.nbytes)
    tensor.ClearField("raw_data")
    file.write(array.data)
    return tensor
