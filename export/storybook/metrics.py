"""Computes recall@k of ranked scores, and the F1 of the facts that captions state. Runs no model."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from export.storybook.captions import CaptionFacts, parse_caption

_SCORED = ("objects", "colours", "counts", "place", "time")


def recall_at(scores: NDArray[np.float32], ks: Sequence[int]) -> dict[str, float]:
    """Return the fraction of queries whose own picture is among the best k.

    Args:
        scores: (n, n) float32; row i is query i against every picture, picture i is its own.
        ks: Depths.
    """
    rank = (scores > scores.diagonal()[:, None]).sum(axis=1)
    return {f"recall@{k}": float((rank < k).mean()) for k in ks}


def hit_at_1(scores: NDArray[np.float32], true: NDArray[np.bool_]) -> float:
    """Return the fraction of queries that are true of their best picture; queries true of no picture are left out.

    Args:
        scores: (q, n) float32.
        true: (q, n) bool, from `truth_table`.
    """
    answerable = true.any(axis=1)
    best = scores.argmax(axis=1)
    return float(true[np.arange(len(true)), best][answerable].mean())


def caption_figures(captions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Return how well the facts that captions state agree with those of the references.

    Returns:
        "exact": fraction of captions equal to their reference; F1 over all pictures for each kind of fact; "relation",
        which stays out of the total, as most pictures have none; "f1", over all other facts together.
    """
    pairs = [
        (parse_caption(caption), parse_caption(reference)) for caption, reference in zip(captions, references, strict=True)
    ]
    same = [caption == reference for caption, reference in zip(captions, references, strict=True)]
    by_kind = {kind: _overlap(pairs, kind) for kind in (*_SCORED, "relation")}
    figures = {kind: _f1(counts) for kind, counts in by_kind.items()}
    total = sum((by_kind[kind] for kind in _SCORED), Counter())
    return {"exact": float(np.mean(same)), **figures, "f1": _f1(total)}


def _overlap(pairs: Sequence[tuple[CaptionFacts, CaptionFacts]], kind: str) -> Counter[str]:
    """Count the facts of one kind that captions state correctly, that they state at all, and that references state."""
    counts: Counter[str] = Counter()
    for caption, reference in pairs:
        stated: Counter[Hashable] = getattr(caption, kind)
        expected: Counter[Hashable] = getattr(reference, kind)
        counts += Counter(right=(stated & expected).total(), stated=stated.total(), expected=expected.total())
    return counts


def _f1(counts: Mapping[str, int]) -> float:
    return 2 * counts["right"] / max(1, counts["stated"] + counts["expected"])
