"""Torch modules to ONNX files, through optimum's exporter, without a word on the way.

Owns how every graph is traced and tidied. What the graphs are is said in `clip.py` and `blip.py`.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

if TYPE_CHECKING:
    from optimum.exporters.onnx import OnnxConfig
    from torch import nn

OPSET = 18  # the first with LayerNormalization as one node was 17; optimum's default
TRACED_SHAPES = {"batch_size": 2, "sequence_length": 3}  # small, and unequal so that no axis passes for another


def write_graph(module: "nn.Module", onnx_config: "OnnxConfig", path: Path) -> None:
    """Trace `module` on the inputs that its configuration makes up, and write the graph.

    Args:
        module: has its transformers configuration as `config`; gives its outputs as a tuple in the order of `onnx_config`.
        onnx_config: names inputs, outputs and their dynamic axes.
        path: the file to write; its folder is made.
    """
    with quiet():
        from optimum.exporters.onnx.convert import export

        # optimum would open the graph once more to look for axes wrongly taken for dynamic; ours are named, and tested.
        export(module, onnx_config, path, opset=OPSET, input_shapes=dict(TRACED_SHAPES), disable_dynamic_axes_fix=True)
    model = onnx.load(path)
    bypass_identities(model.graph)
    onnx.save(model, path)


def bypass_identities(graph: onnx.GraphProto) -> None:
    """Let every reader of a copied weight read the weight itself, in place.

    The exporter stores equal weights once and copies them to their other uses by Identity nodes. The quantizer would take a
    product with a copy for one without a constant weight, and leave it, and the weight, in fp32.
    """
    origins = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    read_outside = {output.name for output in graph.output}
    kept = [node for node in graph.node if node.op_type != "Identity" or node.output[0] in read_outside]
    for node in kept:
        for position, name in enumerate(node.input):
            node.input[position] = _follow(name, origins)
    del graph.node[:]
    graph.node.extend(kept)


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
