"""What rounded graphs must hold to be shipped: the gates, what is measured for them, and which of them were missed.

Owns the measures and their defaults. Runs no graph: what graphs answered comes in as arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from export.errors import GateMissed

Measures = dict[str, dict[str, float]]

TOP_K = 10
NEARLY = 0.9
CURVE = (1, 2, 3, 5, 10, 20)  # the k of overlap@k that the report draws


class Gates(BaseModel):
    """The least that quantized graphs must keep of the exact ones.

    A mean cosine of .999 is what the sample models kept while recall moved by a tenth of a point; people who quantized CLIP
    without a gate had .92 to .98 on the text side, and lost 4.6 to 11 points of accuracy.

    Attributes:
        cosine_mean: of every graph's outputs with the exact graph's, over the calibration set.
        cosine_worst: the same, of the worst picture or text.
        overlap_at_10: share of the exact ten nearest pictures that are among the rounded ten, over all texts.
        token_agreement: share of caption tokens, given the exact caption so far, where the rounded graphs choose the exact
            token, or one that the exact graphs hold at least `NEARLY` as likely: a toss-up may fall either way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cosine_mean: float = Field(default=0.999, ge=0, le=1)
    cosine_worst: float = Field(default=0.99, ge=0, le=1)
    overlap_at_10: float = Field(default=0.9, ge=0, le=1)
    token_agreement: float = Field(default=0.95, ge=0, le=1)


@dataclass(frozen=True)
class Miss:
    """One measure below its gate, and the graph that is most to blame."""

    subject: str
    measure: str
    given: float
    allowed: float
    graph: str


@dataclass
class Judgement:
    """What rounded graphs of one family kept.

    Attributes:
        cosines: by graph and output, as in "clip/text.onnx embedding", one a sample.
        overlap: of exact and rounded rankings, by k.
        shares: what else has a gate, by subject and measure.
        losses: 1 - cosine that each graph of the family causes alone, to find who is to blame for what both do together.
    """

    cosines: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    overlap: dict[int, float] = field(default_factory=dict)
    shares: Measures = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)

    @property
    def measures(self) -> Measures:
        """Return every figure by subject and measure."""
        cosines = {
            output: {"cosine_mean": float(values.mean()), "cosine_worst": float(values.min())}
            for output, values in self.cosines.items()
        }
        return cosines | self.shares

    def missed(self, gates: Gates) -> list[Miss]:
        """Return what is below its gate."""
        misses = []
        for subject, figures in self.measures.items():
            graph = subject.split()[0]
            for measure, given in figures.items():
                allowed = getattr(gates, measure, None)
                if allowed is not None and not given >= allowed:  # true of NaN, too
                    blamed = graph if graph in self.losses else max(self.losses, key=self.losses.__getitem__)
                    misses.append(Miss(subject, measure, given, allowed, blamed))
        return misses

    def require(self, gates: Gates, in_the_way: Mapping[str, Sequence[str]]) -> None:
        """Refuse what missed a gate.

        Args:
            gates: what is asked.
            in_the_way: the layers that cost most, by graph.

        Raises:
            GateMissed: a measure is below its gate.
        """
        for miss in self.missed(gates):
            raise GateMissed(miss.subject, miss.measure, miss.given, miss.allowed, in_the_way.get(miss.graph, ()))


def cosines_between(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine of each pair of vectors in the last axis; -1 where one is no number or nothing."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = (first * second).sum(axis=-1) / lengths
    return np.where(np.isfinite(cosines), cosines, -1.0)


def overlap_at(k: int, exact: NDArray[np.float32], given: NDArray[np.float32]) -> float:
    """Return which share of the exact k best columns is among the given k best, the mean over rows of (n, m) scores."""
    k = min(k, exact.shape[1])
    best, found = (np.argsort(-scores, axis=1, kind="stable")[:, :k] for scores in (exact, given))
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(best.tolist(), found.tolist(), strict=True)]))


def token_agreement(exact: NDArray[np.float32], given: NDArray[np.float32]) -> dict[str, float]:
    """Return, of (n, vocabulary) logits, the share of rows with equal choices, and with choices about as likely."""
    best, chosen = exact.argmax(axis=-1), given.argmax(axis=-1)
    rows = np.arange(len(exact))
    odds = np.exp(exact[rows, chosen] - exact[rows, best])  # of the softmax, whose sum falls out of the ratio
    return {"token_agreement": float((odds >= NEARLY).mean()), "tokens_equal": float((best == chosen).mean())}
