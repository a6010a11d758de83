"""A picture's cross-attention keys and values ("cross states") in int8: what they are rounded by, and to.

There is one scale for each head and channel of each decoder layer, the same for all pictures, so that nothing is stored with
a picture. Owns the arithmetic, and where the scales are: in the decoder's graph. `cross_state_nodes.py` writes the nodes.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from onnx import numpy_helper

from export.precision.rounding import Target, Weights
from runtime.artefacts.file_record import Record
from runtime.models.onnx_session import Array

States = Mapping[str, Array]  # by output of the vision graph, such as "cross_key_0"
Scales = Mapping[str, Weights]  # by the same: (heads, head width) float32, the value of one level

# Over the largest value calibrated. Calibrated on scenes, 1.1 cuts off values of photos: keys and values have a cosine of
# .99908; with 1.5 .99932, and not rounded .99937. Of photos' values, .02 % at most exceed 1.5 times the largest of scenes.
MARGIN = 1.5
# Without VNNI, products are added in pairs that saturate at 16 bits: 2 * 255 * 63 fits, and cost no more than 127 do.
LEVELS: Mapping[Target, int] = {"avx2": 63, "vnni": 127, "arm64": 127}
SCALES_SUFFIX = "_scales"  # behind the input's name: the decoder's initializer that holds its scales, (1, heads, 1, width)


class CrossStatesPlan(Record):
    """The precision of a picture's keys and values, between the vision graph and the decoder.

    Attributes:
        precision: the one chosen.
        measures: what graphs that pass int8 keep of the exact ones, by subject and measure.
        why: one sentence that gives the reason.
    """

    precision: Literal["int8", "fp32"]
    measures: dict[str, dict[str, float]]
    why: str


def calibrate_scales(pictures: Iterable[States], target: Target) -> Scales:
    """Return scales by which `MARGIN` times the largest values of some pictures' float32 states are the last level."""
    maxima = [{name: np.abs(state).max(axis=(0, 2)) for name, state in states.items()} for states in pictures]
    largest = {name: reduce(np.maximum, (one[name] for one in maxima)) for name in maxima[0]}
    smallest = np.finfo(np.float32).tiny  # of a channel that is always zero
    return {
        name: np.maximum(values * np.float32(MARGIN / LEVELS[target]), smallest).astype(np.float32)
        for name, values in largest.items()
    }


def round_states(states: States, scales: Scales) -> dict[str, Array]:
    """Return (n, heads, tokens, width) float32 states as a decoder with these scales reads them, as int8.

    Keys are (n, heads, width, tokens) then, as products with queries need them. What has no scales stays as it is.
    """
    rounded: dict[str, Array] = dict(states)
    for name in states.keys() & scales.keys():
        levels = np.clip(np.rint(states[name] / scales[name][:, None]), -128, 127).astype(np.int8)
        rounded[name] = np.ascontiguousarray(levels.swapaxes(2, 3)) if is_key(name) else levels
    return rounded


def restore_states(states: States, scales: Scales) -> dict[str, Array]:
    """Return int8 states as (n, heads, tokens, width) float32; what has no scales stays as it is."""
    restored: dict[str, Array] = dict(states)
    for name in states.keys() & scales.keys():
        levels = states[name].swapaxes(2, 3) if is_key(name) else states[name]
        restored[name] = levels.astype(np.float32) * scales[name][:, None]
    return restored


def read_scales(graph: Path) -> Scales:
    """Return the scales in a graph: none but in a decoder that reads int8.

    onnxruntime's optimization gives those of keys another shape, (1, 1, heads, width).
    """
    proto = onnx.load(graph, load_external_data=False).graph
    heads = {entry.name: entry.type.tensor_type.shape.dim[1].dim_value for entry in proto.input if _is_state(entry.name)}
    scales = {tensor.name.removesuffix(SCALES_SUFFIX): tensor for tensor in proto.initializer}
    return {
        name: numpy_helper.to_array(scales[name], base_dir=str(graph.parent)).reshape(heads[name], -1)
        for name in scales.keys() & heads.keys()
    }


def _is_state(name: str) -> bool:
    return name.startswith("cross_")


def is_key(name: str) -> bool:
    """Return whether these states are keys, by their name."""
    return "_key_" in name
