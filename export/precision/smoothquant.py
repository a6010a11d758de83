"""Outlier channels moved from activations into weights.

Activations divided by s, and the rows of the products that read them multiplied by s, give the same products; with s from
SmoothQuant (Xiao et al. 2023), s_j = max|x_j| ** a / max|w_j| ** (1 - a), the activations lose the channels that would spoil
their one int8 scale. Where a LayerNormalization makes them for these products alone, its gain and bias take the division;
elsewhere one multiplication per channel stays in the graph. Owns the choice of a, by what rounding does to the products.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from export.precision.channel_groups import ChannelGroup
from export.precision.layers import ExactGraph
from export.precision.rewriting import Edits
from export.precision.rounding import Target, Weights, round_activations, round_columns
from export.precision.sensitivity import SEEN_ROWS, Trials

EXPONENTS = (0.25, 0.5, 0.75, 1.0)


def find_scales(trials: Trials, groups: Sequence[ChannelGroup]) -> dict[ChannelGroup, tuple[float, Weights]]:
    """Return for each group that gains by it the exponent and the (k,) scales; one that is better left alone is absent."""
    found = {}
    for group in groups:
        seen = trials.watch(group.inputs)
        rows = np.concatenate([rows for name in group.inputs for rows in seen[name]])
        weight = np.concatenate([trials.graph.read(trials.graph.layers[name].weight) for name in group.layers], axis=1)
        best = _best_exponent(rows, weight, trials.target)
        if best:
            found[group] = best, _scales(rows, weight, best)
    return found


def move(graph: ExactGraph, group: ChannelGroup, scales: Weights) -> Edits:
    """Return what moves the scales of a group into its weights."""
    nodes = {node.name: node for node in graph.proto.graph.node if node.name in group.norms}
    norms = {name: (graph.read(node.input[1]) / scales, graph.read(node.input[2]) / scales) for name, node in nodes.items()}
    factors = {} if norms else dict.fromkeys(group.inputs, np.reciprocal(scales))
    rows = {graph.layers[name].weight: scales for name in group.layers}
    return Edits(rows, norms, factors)


def _best_exponent(rows: Weights, weight: Weights, target: Target) -> float:
    """Return the exponent with the smallest error of the product, 0 if none beats leaving things as they are."""
    sample = rows[np.random.default_rng(0).permutation(len(rows))[:SEEN_ROWS]]
    ranges = rows.min(axis=0), rows.max(axis=0)
    exact = sample @ weight
    errors = {0.0: _error(sample, ranges, weight, exact, target)}
    for exponent in EXPONENTS:
        scales = _scales(rows, weight, exponent)
        spans = ranges[0] / scales, ranges[1] / scales
        errors[exponent] = _error(sample / scales, spans, weight * scales[:, None], exact, target)
    return min(errors, key=errors.__getitem__)


def _scales(rows: Weights, weight: Weights, exponent: float) -> Weights:
    """SmoothQuant's s, its geometric mean brought to 1; channels that are never active stay."""
    active, heavy = np.abs(rows).max(axis=0), np.abs(weight).max(axis=1)
    usable = (active > 0) & (heavy > 0)
    scales = np.ones(len(active))
    scales[usable] = active[usable].astype(np.float64) ** exponent / heavy[usable].astype(np.float64) ** (1 - exponent)
    scales[usable] /= np.exp(np.log(scales[usable]).mean()) if usable.any() else 1
    return scales.astype(np.float32)


def _error(
    sample: Weights, ranges: tuple[NDArray[np.float32], NDArray[np.float32]], weight: Weights, exact: Weights, target: Target
) -> float:
    """Return the squared error of the product in int8, relative to its square."""
    rounded, scales = round_columns(weight, target)
    activations = round_activations(sample, float(ranges[0].min()), float(ranges[1].max()))
    product = activations @ rounded.astype(np.float32) * scales
    return float(np.square(product - exact).sum() / np.square(exact).sum())
