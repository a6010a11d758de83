"""The gates: measures of how near quantized graphs stay to the exact ones, the least that each must be, and what is missed.

Owns the measures and their defaults. Runs no graph: outputs come in as arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from export.errors import ExportError, list_lines

TextsAndPictures = tuple[NDArray[np.float32], NDArray[np.float32]]
Measures = dict[str, dict[str, float]]  # by subject, such as "clip/text.onnx embedding", then by the measure's name

TOP_K = 10
PICTURE_RANKING = "ranking of pictures"  # the subject of overlap@k; reports of older exports have OLD_PICTURE_RANKING
OLD_PICTURE_RANKING = "clip ranking"
EQUALLY_LIKELY = 0.9
REPORTED_KS = (1, 2, 3, 5, 10, 20)  # the k of overlap@k that the report draws


@dataclass(frozen=True)
class GateMiss:
    """One figure outside its gate, of one subject: a graph and its output, or a family's answers.

    `graph` is the graph that causes most of it; `layers` are that graph's costliest layers, the costliest first, if known.
    """

    subject: str
    measure: str
    given: float
    allowed: float
    graph: str = ""
    layers: tuple[str, ...] = ()

    def __str__(self) -> str:
        costliest = f" The layers that cost most: {', '.join(self.layers)}." if self.layers else ""
        return f"{self.subject}: {self.measure} is {self.given:.6g}, allowed is {self.allowed:.6g}.{costliest}"


class ParityFailed(ExportError):
    """Graphs differ from the models that they were made of by more than the tolerance."""

    code = "parity_failed"

    def __init__(self, misses: Sequence[GateMiss]) -> None:
        self.misses = tuple(misses)
        super().__init__(f"Exported graphs differ from their torch models. Nothing was replaced.{list_lines(misses)}")


class GateMissed(ExportError):
    """Quantized graphs are too far from the exact ones; `misses` holds every gate that was missed, at least one."""

    code = "gate_missed"

    def __init__(self, misses: Sequence[GateMiss]) -> None:
        self.misses = tuple(misses)
        gates = "gate" if len(misses) == 1 else "gates"
        super().__init__(
            f"The quantized graphs missed {len(misses)} {gates}. Nothing was replaced. Lower the gates, "
            f"or let layers be chosen (--precision planned), or stay exact (fp32).{list_lines(misses)}"
        )


class Gates(BaseModel):
    """The least that quantized graphs must keep of the exact ones.

    With a mean cosine of .999, the recall of the sample models moved by a tenth of a point. People who quantized CLIP
    without a gate had .92 to .98 on the text side, and lost 4.6 to 11 points of accuracy.

    Attributes:
        cosine_mean: mean cosine of each graph's outputs with the exact graph's, over the calibration set.
        cosine_worst: the same, of the worst picture or text.
        overlap_at_10: how many of the exact ten nearest pictures are among the quantized ten, in [0, 1]; mean over texts.
        token_agreement: how many caption tokens stay, in [0, 1]. Given the exact caption so far, the quantized graphs must
            choose the exact token, or one that the exact graphs hold at least `EQUALLY_LIKELY` times as likely.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cosine_mean: float = Field(default=0.999, ge=0, le=1)
    cosine_worst: float = Field(default=0.99, ge=0, le=1)
    overlap_at_10: float = Field(default=0.9, ge=0, le=1)
    token_agreement: float = Field(default=0.95, ge=0, le=1)


@dataclass
class GateResult:
    """What was measured of one family's quantized graphs.

    Attributes:
        cosines: by graph and output, as in "clip/text.onnx embedding": one cosine for each sample.
        overlap: overlap@k of the exact and the quantized rankings, by k.
        family_measures: what both graphs cause together (ranking, captions), by subject and measure.
        losses: by graph, what it alone loses of a family's measure, its partner being exact; of captions, 1 - cosine of
            their logits. Shows which of the two a missed family measure is due to.
    """

    cosines: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    overlap: dict[int, float] = field(default_factory=dict)
    family_measures: Measures = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)

    @property
    def measures(self) -> Measures:
        """Return every figure by subject and measure."""
        cosines = {
            output: {"cosine_mean": float(values.mean()), "cosine_worst": float(values.min())}
            for output, values in self.cosines.items()
        }
        return cosines | self.family_measures

    def find_misses(self, gates: Gates) -> list[GateMiss]:
        """Return every measure below its gate; NaN is below every gate."""
        misses = []
        for subject, figures in self.measures.items():
            graph = subject.split()[0]
            for measure, given in figures.items():
                allowed = getattr(gates, measure, None)
                if allowed is not None and not given >= allowed:  # true of NaN, too
                    costliest = graph if graph in self.losses else max(self.losses, key=self.losses.__getitem__)
                    misses.append(GateMiss(subject, measure, given, allowed, costliest))
        return misses


class RankingKept(NamedTuple):
    """What texts keep of their nearest pictures.

    Attributes:
        overlap: overlap@k by k, of the `REPORTED_KS` that are no more than the pictures.
        overlap_at_10: the gate's figure.
        by_texts: the same where only the texts' graph is quantized. The cosines do not tell it: where pictures lie near one
            another, a text that moves changes all its scores alike, and the order stays.
        by_pictures: the same where only the pictures' graph is.
    """

    overlap: dict[int, float]
    overlap_at_10: float
    by_texts: float
    by_pictures: float


def name_layers(misses: Sequence[GateMiss], costliest_layers: Mapping[str, Sequence[str]]) -> list[GateMiss]:
    """Return the misses, each with the costliest layers of the graph that causes most of it."""
    return [replace(miss, layers=tuple(costliest_layers.get(miss.graph, ()))) for miss in misses]


def cosines_between(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine of each pair of vectors in the last axis; -1 where one of them is zero or not finite."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = (first * second).sum(axis=-1) / lengths
    return np.where(np.isfinite(cosines), cosines, -1.0)


def overlap_at(k: int, exact: NDArray[np.float32], given: NDArray[np.float32]) -> float:
    """Return how many of the exact k best columns are among the given k best, in [0, 1], mean over rows of (n, m) scores."""
    k = min(k, exact.shape[1])
    best, found = (np.argsort(-scores, axis=1, kind="stable")[:, :k] for scores in (exact, given))
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(best.tolist(), found.tolist(), strict=True)]))


def compare_rankings(exact: TextsAndPictures, given: TextsAndPictures) -> RankingKept:
    """Return what texts keep of their nearest pictures.

    Args:
        exact: the (n, d) vectors of texts and the (m, d) of pictures, of norm 1.
        given: the same by the quantized graphs.
    """
    (texts, pictures), (given_texts, given_pictures) = exact, given
    scores, by_both = texts @ pictures.T, given_texts @ given_pictures.T
    by_texts, by_pictures = given_texts @ pictures.T, texts @ given_pictures.T
    return RankingKept(
        {k: overlap_at(k, scores, by_both) for k in REPORTED_KS if k <= len(pictures)},
        *(overlap_at(TOP_K, scores, other) for other in (by_both, by_texts, by_pictures)),
    )


def token_agreement(exact: NDArray[np.float32], given: NDArray[np.float32]) -> dict[str, float]:
    """Return two measures in [0, 1] of (n, vocabulary) logits, over the n rows.

    "tokens_equal" counts rows where both choose the same token; "token_agreement" counts those, too, where the exact logits
    make the given choice at least `EQUALLY_LIKELY` times as likely as their own.
    """
    best, chosen = exact.argmax(axis=-1), given.argmax(axis=-1)
    rows = np.arange(len(exact))
    odds = np.exp(exact[rows, chosen] - exact[rows, best])  # a ratio of two probabilities: softmax's sum cancels out
    return {"token_agreement": float((odds >= EQUALLY_LIKELY).mean()), "tokens_equal": float((best == chosen).mean())}
