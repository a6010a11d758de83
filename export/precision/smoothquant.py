"""SmoothQuant: outlier channels are moved from activations into weights, which int8 holds better.

Activations divided by s and weights whose rows are multiplied by s give the same products. With the s of SmoothQuant (Xiao
et al. 2023), s_j = max|x_j| ** a / max|w_j| ** (1 - a), the outlier channels no longer coarsen the one int8 scale that all
activations of a tensor share. Where a LayerNormalization computes the activations for these products alone, its gain and
bias are divided; elsewhere one multiplication per channel is added to the graph.

Owns which products share their input channels, and the choice of a, by the error that rounding then causes in the products.
Whether the graph's outputs gain by it is measured in `plan.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from export.precision.edits import Edits
from export.precision.layers import ExactGraph
from export.precision.rounding import Target, Weights, round_activations, round_columns
from export.precision.sensitivity import LayerSensitivity

Nodes = Mapping[str, list[onnx.NodeProto]]

EXPONENTS = (0.25, 0.5, 0.75, 1.0)
SAMPLED_ROWS = 128  # rows of an activation on which the products' errors are measured; its range is taken over all rows


@dataclass(frozen=True, order=True)
class ChannelGroup:
    """Tensors whose channels must be scaled alike, and all products that read them.

    Attributes:
        inputs: the names of the tensors, as the products read them.
        norms: the names of the LayerNormalization nodes that compute them, if only these products read them; else empty.
        layers: the names of the products.
    """

    inputs: tuple[str, ...]
    norms: tuple[str, ...]
    layers: tuple[str, ...]


def find_channel_groups(graph: ExactGraph) -> list[ChannelGroup]:
    """Return the groups of a graph. A product whose weight is also read by a lookup is in none.

    A slice of a tensor counts as the tensor: the exporter never slices along the channels.
    """
    makers = {output: node for node in graph.proto.graph.node for output in node.output}
    readers = _readers(graph.proto.graph)
    inputs: dict[str, set[str]] = defaultdict(set)  # by unsliced tensor: the names that products read
    read_by: dict[str, set[str]] = defaultdict(set)  # by unsliced tensor: the products
    reads: dict[str, set[str]] = defaultdict(set)  # by product: the unsliced tensors
    for node in graph.proto.graph.node:
        layer = graph.layer_read_by(node) if node.op_type == "MatMul" else None
        if layer:
            unsliced = _before_slices(node.input[0], makers)
            inputs[unsliced].add(node.input[0])
            read_by[unsliced].add(layer.name)
            reads[layer.name].add(unsliced)
    groups = []
    for unsliced_tensors, layers in _join(read_by, reads):
        weights = [graph.layers[name].weight for name in layers]
        if all(reader.op_type == "MatMul" for weight in weights for reader in readers[weight]):
            norms = [
                makers[unsliced].name
                for unsliced in unsliced_tensors
                if _is_norm_for(unsliced, set(weights), makers, readers)
            ]
            read = sorted(name for unsliced in unsliced_tensors for name in inputs[unsliced])
            groups.append(
                ChannelGroup(
                    tuple(read), tuple(sorted(norms)) if len(norms) == len(unsliced_tensors) else (), tuple(sorted(layers))
                )
            )
    return groups


def find_scales(sensitivity: LayerSensitivity, groups: Sequence[ChannelGroup]) -> dict[ChannelGroup, tuple[float, Weights]]:
    """Return the exponent and the (k,) scales of each group whose products lose less with them; other groups are absent."""
    found: dict[ChannelGroup, tuple[float, Weights]] = {}
    if not groups:
        return found
    activations = sensitivity.read_activations(sorted({name for group in groups for name in group.inputs}))
    for group in groups:
        rows = np.concatenate([activations[name] for name in group.inputs])
        weight = np.concatenate(
            [sensitivity.graph.read(sensitivity.graph.layers[name].weight) for name in group.layers], axis=1
        )
        best = _best_exponent(rows, weight, sensitivity.target)
        if best:
            found[group] = best, _scales(rows, weight, best)
    return found


def move_scales(graph: ExactGraph, group: ChannelGroup, scales: Weights) -> Edits:
    """Return the edits that divide a group's activations by the scales and multiply its weights by them."""
    nodes = {node.name: node for node in graph.proto.graph.node if node.name in group.norms}
    norms = {name: (graph.read(node.input[1]) / scales, graph.read(node.input[2]) / scales) for name, node in nodes.items()}
    factors = {} if norms else dict.fromkeys(group.inputs, np.reciprocal(scales))
    rows = {graph.layers[name].weight: scales for name in group.layers}
    return Edits(rows=rows, norms=norms, factors=factors)


def _best_exponent(rows: Weights, weight: Weights, target: Target) -> float:
    """Return the exponent with the smallest error of the product; 0 if that is the product without scales."""
    sample = rows[np.random.default_rng(0).permutation(len(rows))[:SAMPLED_ROWS]]
    ranges = rows.min(axis=0), rows.max(axis=0)
    exact = sample @ weight
    errors = {0.0: _error(sample, ranges, weight, exact, target)}
    for exponent in EXPONENTS:
        scales = _scales(rows, weight, exponent)
        spans = ranges[0] / scales, ranges[1] / scales
        errors[exponent] = _error(sample / scales, spans, weight * scales[:, None], exact, target)
    return min(errors, key=errors.__getitem__)


def _scales(rows: Weights, weight: Weights, exponent: float) -> Weights:
    """Return SmoothQuant's s, divided by its geometric mean; 1 for channels whose activations or weights are all zero."""
    activation_max, weight_max = np.abs(rows).max(axis=0), np.abs(weight).max(axis=1)
    usable = (activation_max > 0) & (weight_max > 0)
    scales = np.ones(len(activation_max))
    powers = activation_max[usable].astype(np.float64) ** exponent, weight_max[usable].astype(np.float64) ** (1 - exponent)
    scales[usable] = powers[0] / powers[1]
    scales[usable] /= np.exp(np.log(scales[usable]).mean()) if usable.any() else 1
    return scales.astype(np.float32)


def _error(
    sample: Weights, ranges: tuple[NDArray[np.float32], NDArray[np.float32]], weight: Weights, exact: Weights, target: Target
) -> float:
    """Return the squared error of the product in int8, relative to the exact product's square."""
    rounded, scales = round_columns(weight, target)
    activations = round_activations(sample, float(ranges[0].min()), float(ranges[1].max()))
    product = activations @ rounded.astype(np.float32) * scales
    return float(np.square(product - exact).sum() / np.square(exact).sum())


def _is_norm_for(unsliced: str, weights: Set[str], makers: Mapping[str, onnx.NodeProto], readers: Nodes) -> bool:
    """Return whether a LayerNormalization computes the tensor, and only products with these weights read it."""
    maker = makers.get(unsliced)
    if maker is None or maker.op_type != "LayerNormalization":
        return False
    return all(reader.op_type == "MatMul" and reader.input[1] in weights for reader in _through_slices(unsliced, readers))


def _readers(graph: onnx.GraphProto) -> Nodes:
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    return readers


def _before_slices(name: str, makers: Mapping[str, onnx.NodeProto]) -> str:
    while name in makers and makers[name].op_type == "Slice":
        name = makers[name].input[0]
    return name


def _through_slices(name: str, readers: Nodes) -> Iterator[onnx.NodeProto]:
    for reader in readers[name]:
        if reader.op_type == "Slice":
            yield from _through_slices(reader.output[0], readers)
        else:
            yield reader


def _join(read_by: Mapping[str, Set[str]], reads: Mapping[str, Set[str]]) -> Iterator[tuple[Set[str], Set[str]]]:
    """Yield the connected components: tensors and products that are linked by reading, directly or by others."""
    waiting = dict.fromkeys(read_by)
    while waiting:
        tensors: Set[str] = {next(iter(waiting))}
        while True:
            layers = {layer for tensor in tensors for layer in read_by[tensor]}
            wider = {tensor for layer in layers for tensor in reads[layer]}
            if wider == tensors:
                break
            tensors = wider
        yield tensors, layers
        for tensor in tensors:
            del waiting[tensor]
