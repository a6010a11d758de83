"""Labelled hits, and the logistic that tells true ones from false ones (Platt scaling, over more than one score)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import FEATURES, MatchWeights

EXAMPLES_MIN = 20  # of true and of false matches
RIDGE = 1.0  # on weights of standardized features; keeps them finite where a plane separates all examples


@dataclass
class Examples:
    """Labelled hits: rows of `FEATURES`, and for each whether it is a true match."""

    features: list[NDArray[np.float64]] = field(default_factory=list)  # each (k, f)
    holds: list[NDArray[np.float64]] = field(default_factory=list)  # each (k,)

    def add(self, features: NDArray[np.float64], holds: NDArray[np.float64]) -> None:
        """Add k hits."""
        self.features.append(features)
        self.holds.append(holds)

    @property
    def share(self) -> float:
        """The share of true matches, by Laplace's estimate, so that no examples are half true."""
        return (sum(map(np.sum, self.holds)) + 1) / (sum(map(len, self.holds)) + 2)

    def fit_share(self) -> MatchWeights:
        """Return weights that give every hit the share of true matches, for examples that hardly differ."""
        return MatchWeights(bias=math.log(self.share / (1 - self.share)), score=0, mean_score=0)

    def fit(self, names: Sequence[str]) -> MatchWeights | None:
        """Return the logistic on some features; None where there are too few examples of either kind."""
        if not self.holds:
            return None
        features, holds = np.concatenate(self.features), np.concatenate(self.holds)
        if not EXAMPLES_MIN <= holds.sum() <= len(holds) - EXAMPLES_MIN:
            return None
        return fit_logistic(features[:, [FEATURES.index(name) for name in names]], holds, names)

    def auroc(self, weights: MatchWeights) -> float:
        """Return how well weights tell the true examples from the false ones."""
        log_odds, holds = weights.log_odds(np.concatenate(self.features)), np.concatenate(self.holds)
        return auroc(log_odds[holds > 0], log_odds[holds == 0])


def fit_logistic(
    features: NDArray[np.float64], holds: NDArray[np.float64], names: Sequence[str], steps: int = 50
) -> MatchWeights:
    """Return the ridge logistic of (n, f) features of these names on (n,) labels, by Newton's method."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.column_stack([(features - mean) / deviation, np.ones(len(features))])  # (n, f + 1)
    ridge = RIDGE * np.eye(design.shape[1])
    ridge[-1, -1] = 0.0  # the bias is free
    weights = np.zeros(design.shape[1])
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-(design @ weights)))
        slope = design.T @ (chances - holds) + ridge @ weights
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + ridge
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    raw = weights[:-1] / deviation
    named = dict(zip(names, map(float, raw), strict=True))
    return MatchWeights(bias=float(weights[-1] - raw @ mean), **named)


def auroc(true: NDArray[np.floating], false: NDArray[np.floating]) -> float:
    """Return the chance that a true example has more than a false one, ties counting half (Mann-Whitney's U)."""
    ordered = np.sort(false)
    below, not_above = np.searchsorted(ordered, true, "left"), np.searchsorted(ordered, true, "right")
    return float((below + not_above).mean() / (2 * len(false)))
