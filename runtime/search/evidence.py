"""Why a picture matched, in facts: its scores, how likely it is a match, and which words of the query it answers.

Arithmetic over vectors that others made; knows no model, no library and no sentence. What is hot in the picture, and
whether that holds, is `heatmap.py`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runtime.search.words import stem, stems

Verdict = Literal["strong", "weak", "none"]

# Where a probability becomes a word. To call a true match none is the worse mistake of the two, so `none` begins below
# even odds; benchmarks/RESULTS.md has the shares of true and of absent matches on either side.
WEAK_FROM, STRONG_FROM = 1 / 3, 0.75


@dataclass(frozen=True)
class WordWeight:
    """What one content word of the query counts for in one picture.

    `drop` is the cosine that the match loses without the word; it may be negative. `share` is its part of all positive
    drops, in [0, 1]. `in_caption` says whether the caption mentions the word.
    """

    word: str
    drop: float
    share: float
    in_caption: bool


@dataclass(frozen=True)
class Evidence:
    """What is known of one match.

    `score` is the cosine of query and picture, `caption_score` that of query and caption, both in [-1, 1];
    `match_probability` is in [0, 1]. None stands for what is not known: no caption, or an index without calibration.
    `words` is empty where nobody asked for an explanation.
    """

    score: float
    caption_score: float | None = None
    match_probability: float | None = None
    verdict: Verdict | None = None
    words: tuple[WordWeight, ...] = ()


def verdict_of(probability: float) -> Verdict:
    """Return the word for a probability."""
    return "strong" if probability >= STRONG_FROM else "weak" if probability >= WEAK_FROM else "none"


def weigh_words(words: Sequence[str], drops: NDArray[np.floating], caption: str | None) -> tuple[WordWeight, ...]:
    """Return what each word counts for in one picture, from the (w,) cosines that the match loses without each."""
    gains = np.maximum(drops, 0.0)
    whole = float(gains.sum())
    mentioned = stems(caption or "")
    return tuple(
        WordWeight(word, float(drop), float(gain) / whole if whole else 0.0, stem(word) in mentioned)
        for word, drop, gain in zip(words, drops, gains, strict=True)
    )
