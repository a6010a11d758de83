"""The comparisons, the aim of each, and whether it is met. Pure: figures in, booleans out; measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Unit = Literal["ms", "MB", "/s"]


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound on a comparison's ratio, or on the first of its figures."""

    sense: Literal[">=", "<="]
    bound: float
    of: Literal["ratio", "figure"] = "ratio"

    def is_met(self, ratio: float, figure: float) -> bool:
        """Return whether the ratio, or the figure, is within the bound."""
        value = ratio if self.of == "ratio" else figure
        return value >= self.bound if self.sense == ">=" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.sense == '>=' else '≤'} {self.bound:g}{' x' if self.of == 'ratio' else ''}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two figures, named as in `schedule.py`, and the ratio `over` / `under` of each round.

    `plain` is shown beside them where there is such a figure.
    """

    label: str
    over: str
    under: str
    unit: Unit
    aim: Aim | None = None
    plain: str = ""

    @property
    def compares_seed(self) -> bool:
        """Whether one of the two figures is the seed project's."""
        return self.over.startswith("seed") or self.under.startswith("seed")


@dataclass(frozen=True, slots=True)
class Spread:
    """A median and the range of one value a round."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of some values."""
        return cls(median(values), min(values), max(values))


def _against_seed(label: str, figure: str, unit: Unit, aim: int | Aim | None = None, *, seed: str = "") -> Comparison:
    """Return the comparison of the seed project with Lookwhy.

    The ratio says how many times better Lookwhy is; an int `aim` is its lower bound. `seed` names the figure of the seed
    project and of plain ONNX where it differs from Lookwhy's.
    """
    theirs, lookwhy, plain = f"seed {seed or figure}", f"lookwhy {figure}", f"plain {seed or figure}"
    over, under = (lookwhy, theirs) if unit == "/s" else (theirs, lookwhy)
    return Comparison(label, over, under, unit, Aim(">=", aim) if isinstance(aim, int) else aim, plain)


REQUEST = "captions request_ms"  # a query and five captions: what every search costs in the seed
COMPARISONS = (
    _against_seed("warm search; seed: its whole request, five captions", "search search_ms", "ms", 1000, seed=REQUEST),
    _against_seed("the same; seed: CLIP and index alone", "search search_ms", "ms"),
    Comparison(
        "the same, to its bare text tower run", "lookwhy search search_ms", "lookwhy search tower_ms", "ms", Aim("<=", 1.5)
    ),
    _against_seed("search with explanations; seed: its whole request", "search explained_ms", "ms", 300, seed=REQUEST),
    Comparison(
        "the same, to its bare text tower runs",
        "lookwhy search explained_ms",
        "lookwhy search towers_ms",
        "ms",
        Aim("<=", 1.3),
    ),
    _against_seed("five unseen pictures captioned, beam 3", "captions captions_ms", "ms", 5),
    _against_seed("the same, ours greedy", "captions greedy_ms", "ms", seed="captions captions_ms"),
    _against_seed("start to first answer; seed: CLIP alone", "search start_ms", "ms", 6),
    _against_seed("start to first answer and one caption", "captions start_ms", "ms", 3),
    _against_seed("peak memory of searches; seed: its whole request", "search peak_mb", "MB", 6, seed="captions peak_mb"),
    _against_seed("the same; seed: CLIP alone", "search peak_mb", "MB"),
    _against_seed("peak memory, five pictures captioned", "captions peak_mb", "MB", 2),
    _against_seed("index build, vectors alone", "index pictures_per_s", "/s", 3),
    _against_seed("index build with captions, beam 3", "captioned-index pictures_per_s", "/s", 4),
)
_MOST_MB = Aim("<=", 255, of="figure")
INSTALLED = (
    _against_seed("installed packages, as pip unpacks them", "installed mb", "MB", _MOST_MB),
    _against_seed("the same; ours pruned, as in the image", "pruned mb", "MB", _MOST_MB, seed="installed mb"),
)


def ratios(comparison: Comparison, series: Mapping[str, Sequence[float]]) -> list[float]:
    """Return the ratio of each round; nothing where one of the two was not measured."""
    over, under = series.get(comparison.over), series.get(comparison.under)
    return [first / second for first, second in zip(over, under, strict=True)] if over and under else []
