"""Writes torch modules as fp32 ONNX graphs: the graph in one file, its large weights in another beside it.

Owns how every graph is traced and simplified, and how its weights are laid out. `clip.py` and `blip.py` define
the graphs.
"""

import gc
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import set_external_data

from runtime.artefacts.file_record import WEIGHTS_SUFFIX
from runtime.images.memory import trim_heap

if TYPE_CHECKING:
    from optimum.exporters.onnx import OnnxConfig
    from torch import Tensor, nn

OPSET = 18  # the first with LayerNormalization as one node was 17; optimum's default
TRACED_SHAPES = {"batch_size": 2, "sequence_length": 3}  # small; unequal, so that no axis is taken for another
PAGE_BYTES = 4096  # smaller tensors stay in the graph; larger ones start at a page, so that onnxruntime can map them
TRANSPOSED = [1, 0]


def write_graph(module: "nn.Module", onnx_config: "OnnxConfig", path: Path) -> None:
    """Trace `module` on inputs that its configuration generates; write the graph and, beside it, its weights.

    Every weight keeps its name in `module`. Those of a page or more are in one file, named like `path` with ".data"
    appended.

    Args:
        module: has its transformers configuration as `config`; gives its outputs as a tuple in the order of `onnx_config`.
        onnx_config: names inputs, outputs and their dynamic axes.
        path: the file to write; its folder is made.
    """
    with quiet():
        from optimum.exporters.onnx.convert import export

        from export.models.tracing import WeightInputConfig, WeightInputModule, list_weights

        weights = list_weights(module)
        # optimum would open the graph again, to correct axes wrongly taken for dynamic; ours are named, and tested.
        options = {"opset": OPSET, "input_shapes": dict(TRACED_SHAPES), "disable_dynamic_axes_fix": True}
        export(WeightInputModule(module), WeightInputConfig(onnx_config, weights), path, **options)
    gc.collect()  # optimum leaves the module in a reference cycle with its own forward(), which keeps the model's memory
    trim_heap()
    model = onnx.load(path)
    bypass_identities(model.graph)
    store_weights(model.graph, weights, _data_path(path))
    onnx.save(model, path)


def join_graph(source: Path, target: Path) -> None:
    """Write the graph `source` and the weights beside it as the one file `target`, whose folder is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    trim_heap()
    onnx.save(onnx.load(source), target)
    trim_heap()


def graph_bytes(path: Path) -> int:
    """Return the size of a graph, with that of the weights beside it if there are any."""
    parts = (path, _data_path(path), path.with_suffix(WEIGHTS_SUFFIX))
    return sum(part.stat().st_size for part in parts if part.exists())


def bypass_identities(graph: onnx.GraphProto) -> None:
    """Remove Identity nodes, in place: their readers read the original instead.

    Otherwise a product with a copied weight would seem to have no constant weight, and would not be quantized.
    """
    origins = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    read_outside = {output.name for output in graph.output}
    kept = [node for node in graph.node if node.op_type != "Identity" or node.output[0] in read_outside]
    for node in kept:
        for position, name in enumerate(node.input):
            node.input[position] = _follow(name, origins)
    del graph.node[:]
    graph.node.extend(kept)


def store_weights(graph: onnx.GraphProto, weights: "Mapping[str, Tensor]", path: Path) -> None:
    """Turn the inputs of `graph` that are weights into initializers of the same names, in place; large ones go to `path`.

    A weight that is read only through Transpose nodes is stored transposed, so that products read constants, (K, N). Holds
    one weight at a time besides the model itself.

    Args:
        graph: has an input for each of the weights; weights that no node reads are removed.
        weights: the tensors by name.
        path: the file for the large ones, in the folder of the graph's own.
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
    """Remove the Transpose nodes of matrices in `names`, in place, and return the names of those to store transposed.

    A matrix that is also read without a transpose keeps its nodes.
    """
    transposed = {node.output[0]: node.input[0] for node in graph.node if _is_transpose(node)}
    read_directly = {name for node in graph.node if not _is_transpose(node) for name in node.input}
    foldable = {name for name in set(names) & set(transposed.values()) if name not in read_directly}
    kept = [node for node in graph.node if transposed.get(node.output[0]) not in foldable]
    for node in kept:
        for position, name in enumerate(node.input):
            if transposed.get(name) in foldable:
                node.input[position] = transposed[name]
    del graph.node[:]
    graph.node.extend(kept)
    return foldable


def _is_transpose(node: onnx.NodeProto) -> bool:
    return node.op_type == "Transpose" and any(list(attribute.ints) == TRANSPOSED for attribute in node.attribute)


def _store(array: NDArray[np.generic], name: str, file: BinaryIO) -> TensorProto:
    """Return the initializer of `array`. A large array is written to `file`, and its initializer names the place."""
    array = np.ascontiguousarray(array)
    if array.nbytes < PAGE_BYTES:
        return numpy_helper.from_array(array, name)
    file.write(bytes(-file.tell() % PAGE_BYTES))
    tensor = TensorProto(name=name, dims=array.shape, data_type=onnx.helper.np_dtype_to_tensor_dtype(array.dtype))
    tensor.raw_data = b""  # set_external_data needs the field to exist
    set_external_data(tensor, Path(file.name).name, offset=file.tell(), length=array.nbytes)
    tensor.ClearField("raw_data")
    file.write(array.data)
    return tensor


def _data_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.data")


def _follow(name: str, origins: dict[str, str]) -> str:
    while name in origins:
        name = origins[name]
    return name


@contextmanager
def quiet() -> Iterator[None]:
    """Hide warnings and logs below an error: those of torch, transformers and optimum mean nothing to the user."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
