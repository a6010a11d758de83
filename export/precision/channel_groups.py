"""Which products of a graph read the same channels, so that a scale per channel can be moved from there into their weights.

Owns the finding of such groups. What scale is worth moving is chosen in `smoothquant.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import onnx

from export.precision.layers import ExactGraph

Nodes = Mapping[str, list[onnx.NodeProto]]


@dataclass(frozen=True)
class ChannelGroup:
    """Tensors with the same channels, and all products that read them.

    Attributes:
        inputs: the names of the tensors, as the products read them.
        norms: the nodes of the LayerNormalizations that make them, if nothing but these products reads those; else empty.
        layers: the products.
    """

    inputs: tuple[str, ...]
    norms: tuple[str, ...]
    layers: tuple[str, ...]


def find_channel_groups(graph: ExactGraph) -> list[ChannelGroup]:
    """Return the groups of a graph; a product whose weight is looked up, too, is in none.

    Slices are looked through: the exporter slices only along axes before the channels'.
    """
    makers = {output: node for node in graph.proto.graph.node for output in node.output}
    readers = _readers(graph.proto.graph)
    inputs: dict[str, set[str]] = defaultdict(set)  # tensor before slices -> as products read it
    read_by: dict[str, set[str]] = defaultdict(set)  # the same -> products
    reads: dict[str, set[str]] = defaultdict(set)  # product -> the same
    for node in graph.proto.graph.node:
        layer = graph.layer_read_by(node) if node.op_type == "MatMul" else None
        if layer:
            whole = _before_slices(node.input[0], makers)
            inputs[whole].add(node.input[0])
            read_by[whole].add(layer.name)
            reads[layer.name].add(whole)
    groups = []
    for wholes, layers in _join(read_by, reads):
        weights = [graph.layers[name].weight for name in layers]
        if all(reader.op_type == "MatMul" for weight in weights for reader in readers[weight]):
            norms = [makers[whole].name for whole in wholes if _is_norm_for(whole, set(weights), makers, readers)]
            read = sorted(name for whole in wholes for name in inputs[whole])
            groups.append(
                ChannelGroup(tuple(read), tuple(sorted(norms)) if len(norms) == len(wholes) else (), tuple(sorted(layers)))
            )
    return groups


def _is_norm_for(whole: str, weights: Set[str], makers: Mapping[str, onnx.NodeProto], readers: Nodes) -> bool:
    """Whether a norm makes the tensor, and products with these weights are all that read it."""
    maker = makers.get(whole)
    if maker is None or maker.op_type != "LayerNormalization":
        return False
    return all(reader.op_type == "MatMul" and reader.input[1] in weights for reader in _through_slices(whole, readers))


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
    """Yield the connected sets of tensors and products."""
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
