"""How well the verdicts tell queries with a match from those without, and how well calibrated the probabilities are."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.evidence.scene_library import KINDS, SEED, SceneLibrary, matching_queries, near_miss_queries
from export.index.probabilities.logistic import auroc
from runtime.search.evidence import Answer

QUERIES = 500  # with a match, and as many without
TOP_K = 5
BINS = 10
Figures = dict[str, float]


@dataclass
class Searches:
    """The answers to all queries, and whether hits were right."""

    present: list[Answer] = field(default_factory=list)  # of queries with a match
    absent: list[tuple[str, Answer]] = field(default_factory=list)  # of queries without one, with what is absent
    probabilities: list[float] = field(default_factory=list)  # of every hit of `present`
    is_match: list[bool] = field(default_factory=list)  # whether that hit is one
    first_is_match: list[bool] = field(default_factory=list)  # whether the first hit is one
    best_cosine_is_match: list[bool] = field(default_factory=list)  # whether the hit of the highest cosine is one


def verdict_figures(libraries: Sequence[SceneLibrary]) -> Figures:
    """Return the figures of the verdicts, beside those of the best possible cut-off on the cosine."""
    searches = Searches()
    for number, library in enumerate(libraries):
        _search_library(searches, library, random.Random(f"questions:{SEED}:{number}"), QUERIES // len(libraries))
    return _verdict_shares(searches) | _probability_figures(searches) | _cosine_figures(searches)


def calibration_error(probabilities: NDArray[np.float64], is_match: NDArray[np.float64]) -> float:
    """Return the expected calibration error over `BINS` equal bins of probability (Naeini et al., AAAI 2015)."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == bin_).mean() * abs(probabilities[bins == bin_].mean() - is_match[bins == bin_].mean())
        for bin_ in range(BINS)
        if (bins == bin_).any()
    ]
    return float(sum(gaps))


def _search_library(searches: Searches, library: SceneLibrary, rng: random.Random, count: int) -> None:
    queries = matching_queries(library, rng, count)
    near_misses = near_miss_queries(library, rng, count)
    answers = [library.search(query.text, TOP_K) for query in queries]
    searches.present += answers
    searches.absent += [(kind, library.search(query.text, TOP_K)) for kind, query in near_misses]
    for answer, is_match in zip(answers, library.truth(queries), strict=True):
        searches.first_is_match.append(is_match[answer.hits[0].row.id - 1])
        best = max(answer.hits, key=lambda hit: hit.evidence.score)
        searches.best_cosine_is_match.append(is_match[best.row.id - 1])
        searches.probabilities += [hit.evidence.match_probability or 0.0 for hit in answer.hits]
        searches.is_match += [bool(is_match[hit.row.id - 1]) for hit in answer.hits]


def _verdict_shares(searches: Searches) -> Figures:
    first = [answer.hits[0].evidence.verdict for answer in searches.present]
    shares = {
        "with a match: the top hit is strong or weak": np.mean([verdict != "none" for verdict in first]),
        "with a match: the top hit is strong": np.mean([verdict == "strong" for verdict in first]),
        "without: the search verdict is none": np.mean([answer.verdict == "none" for _, answer in searches.absent]),
        "without: the search verdict is strong": np.mean([answer.verdict == "strong" for _, answer in searches.absent]),
    }
    for kind in KINDS:
        verdicts = [answer.verdict for absent, answer in searches.absent if absent == kind]
        shares[f"without, an absent {kind}: none"] = np.mean([verdict == "none" for verdict in verdicts])
    return {name: float(share) for name, share in shares.items()}


def _probability_figures(searches: Searches) -> Figures:
    present = np.array([answer.match_probability or 0.0 for answer in searches.present])
    absent = np.array([answer.match_probability or 0.0 for _, answer in searches.absent])
    is_match = np.repeat([1.0, 0.0], [len(present), len(absent)])
    return {
        "AUROC of the search verdict's probability": auroc(present, absent),
        "its calibration error (ECE, 10 bins)": calibration_error(np.concatenate([present, absent]), is_match),
        "calibration error of single hits": calibration_error(
            np.array(searches.probabilities), np.array(searches.is_match, dtype=float)
        ),
    }


def _cosine_figures(searches: Searches) -> Figures:
    present, absent = (
        np.array([max(hit.evidence.score for hit in answer.hits) for answer in answers])
        for answers in (searches.present, [answer for _, answer in searches.absent])
    )
    cutoff = float(np.quantile(present, 0.05))
    return {
        "AUROC of the best cosine": auroc(present, absent),
        "flat cosine cut-off that keeps 95 % of the matches, chosen on these very queries": cutoff,
        "without: below that cut-off": float((absent < cutoff).mean()),
        "with a match: the first hit shows it, by probability": float(np.mean(searches.first_is_match)),
        "with a match: the first hit shows it, by cosine": float(np.mean(searches.best_cosine_is_match)),
    }
