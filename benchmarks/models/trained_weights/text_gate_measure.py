"""What is measured of a text tower alone: vectors, and the ten nearest texts of each text.

As `export.precision.gate_measures` measures CLIP's two towers.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.precision.cross_states import Scales
from export.precision.gate_measures import LAYER_TEXTS, QUICK_TEXTS
from export.precision.gates import TOP_K, GateResult, cosines_between, overlap_at
from export.precision.rounding import Target
from export.precision.sensitivity import Feed, LayerInputs
from runtime.models.onnx_session import Session

Vectors = NDArray[np.float32]
ITSELF = -2.0  # the score of a text with itself: below every cosine


class TextGateMeasure:
    """Do texts keep their vectors, and their ten nearest other texts?"""

    def __init__(self, exact: Path, graph: str, feeds: Sequence[Feed]) -> None:
        """Measure beside the exact graph below `exact`, on each of the feeds alone."""
        self._graph, self._feeds = graph, feeds
        self._exact = embed(exact / graph, feeds)

    def calibration_inputs(self, _graph: str) -> LayerInputs:
        """Return texts spread over the set, as many as of CLIP's."""
        return LayerInputs.spread(self._feeds, ("embedding",), quick=QUICK_TEXTS, at_most=LAYER_TEXTS)

    def calibrate_states(self, _target: Target) -> Scales:
        """Return no scales: there is one graph."""
        return {}

    def evaluate(self, folder: Path) -> GateResult:
        """Compare all vectors, and the order in which each text finds the others."""
        return self.compare(embed(folder / self._graph, self._feeds))

    def compare(self, given: Vectors) -> GateResult:
        """Compare the (n, d) vectors of the feeds, made elsewhere."""
        cosines = cosines_between(self._exact, given)
        overlap = overlap_at(TOP_K, _scores(self._exact), _scores(given))
        ranking = {"minilm ranking": {"overlap_at_10": overlap}}
        return GateResult({f"{self._graph} embedding": cosines}, {}, ranking, {self._graph: 1 - float(cosines.mean())})


def embed(path: Path, feeds: Sequence[Feed]) -> Vectors:
    """Return (n, d) of norm 1, every text alone, as most queries are."""
    session = Session(path, 1)
    return np.concatenate([session.run(["embedding"], feed)[0] for feed in feeds])


def _scores(vectors: Vectors) -> Vectors:
    """Return the (n, n) cosines of all pairs, none with itself."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, ITSELF)
    return scores
