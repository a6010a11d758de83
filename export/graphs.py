"""Torch modules to ONNX files, through optimum's exporter, without a word on the way.

Owns how every graph is traced. What the graphs are is said in `clip.py` and `blip.py`.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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
