"""Torch modules to ONNX files, through optimum's exporter, without a word on the way.

Owns how every graph is traced and tidied, and that it may lie in two files: itself and its large weights. What the graphs
are is said in `clip.py` and `blip.py`.
"""

import gc
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from export.models.weights import pour_weights
from runtime.artefacts.file_record import WEIGHTS_SUFFIX
from runtime.models.onnx_session import return_freed_memory

if TYPE_CHECKING:
    from optimum.exporters.onnx import OnnxConfig
    from torch import nn

OPSET = 18  # the first with LayerNormalization as one node was 17; optimum's default
TRACED_SHAPES = {"batch_size": 2, "sequence_length": 3}  # small, and unequal so that no axis passes for another


def write_graph(module: "nn.Module", onnx_config: "OnnxConfig", path: Path) -> None:
    """Trace `module` on the inputs that its configuration makes up, and write the graph and, beside it, its weights.

    Every weight keeps its name in `module`. Those of a page or more lie in one file, named as `path` with ".data" behind it.

    Args:
        module: has its transformers configuration as `config`; gives its outputs as a tuple in the order of `onnx_config`.
        onnx_config: names inputs, outputs and their dynamic axes.
        path: the file to write; its folder is made.
    """
    with quiet():
        from optimum.exporters.onnx.convert import export

        from export.models.tracing import OpenConfig, OpenModule, list_weights

        weights = list_weights(module)
        # optimum would open the graph once more to look for axes wrongly taken for dynamic; ours are named, and tested.
        options = {"opset": OPSET, "input_shapes": dict(TRACED_SHAPES), "disable_dynamic_axes_fix": True}
        export(OpenModule(module), OpenConfig(onnx_config, weights), path, **options)
    gc.collect()  # optimum leaves the module in a cycle with its own forward(); the model's memory would not come free
    return_freed_memory()
    model = onnx.load(path)
    bypass_identities(model.graph)
    pour_weights(model.graph, weights, _data_path(path))
    onnx.save(model, path)


def join_graph(source: Path, target: Path) -> None:
    """Write the graph `source` and the weights beside it as the one file `target`, whose folder is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return_freed_memory()
    onnx.save(onnx.load(source), target)
    return_freed_memory()


def graph_bytes(path: Path) -> int:
    """Return the size of a graph, with that of the weights beside it if there are any."""
    parts = (path, _data_path(path), path.with_suffix(WEIGHTS_SUFFIX))
    return sum(part.stat().st_size for part in parts if part.exists())


def bypass_identities(graph: onnx.GraphProto) -> None:
    """Let every reader of a copy read what was copied, in place.

    The quantizer would take a product with a copied weight for one without a constant weight, and leave it in fp32.
    """
    origins = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    read_outside = {output.name for output in graph.output}
    kept = [node for node in graph.node if node.op_type != "Identity" or node.output[0] in read_outside]
    for node in kept:
        for position, name in enumerate(node.input):
            node.input[position] = _follow(name, origins)
    del graph.node[:]
    graph.node.extend(kept)


def _data_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.data")


def _follow(name: str, origins: dict[str, str]) -> str:
    while name in origins:
        name = origins[name]
    return name


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and logs below an error from the user: torch's, transformers' and optimum's are about themselves."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
