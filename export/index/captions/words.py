"""The words that a library's captions use, and vectors of the frequent nouns: so that "dusk" finds "sunset"."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runtime.search.noun_phrases import noun_phrases
from runtime.search.words import Phrase

NOUNS_EMBEDDED = 512  # the most frequent, each a run of the text tower
CAPTIONS_OF_A_NOUN_MIN = 2
NOUNS_MIN = 12  # below, there is nothing to compare a likeness with
# Of the cosines of each noun with the one nearest to it: different things are seldom nearer than this quantile.
DIFFERENT_QUANTILE = 0.95

EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]
"""n texts -> (n, d) float32 of L2 norm 1, each in a run of its own."""


@dataclass(frozen=True)
class UsedWords:
    """What captions say.

    `rarity` is that of the stems of all content words; `coloured` are those of nouns with a colour in some caption; `nouns`
    are (d,) vectors of frequent ones.

    From `same_meaning_cosine` on, a noun that no caption uses means the same as one of `nouns`; None where that is unknown.
    """

    rarity: Mapping[str, float] = field(default_factory=dict)
    coloured: frozenset[str] = frozenset()
    nouns: dict[str, NDArray[np.float32]] | None = None
    same_meaning_cosine: float | None = None


def read_used_words(captions: Iterable[str], embed_texts: EmbedTexts) -> UsedWords:
    """Return the words of some captions; runs the text tower once for each frequent noun.

    Two nouns of a library's captions mostly name different things. What lies in the upper half of the way from their
    cosines to 1 is taken for the same thing.
    """
    stems: Counter[str] = Counter()
    coloured: set[str] = set()
    count = 0
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for caption in captions:
        phrases = noun_phrases(caption)
        count += 1
        stems.update(Phrase(caption).stems.union(*(phrase.words for phrase in phrases)))  # the latter have "gray" for "grey"
        for phrase in phrases:
            written[phrase.words[-1]][phrase.noun] += 1
            if phrase.colours:
                coloured.add(phrase.words[-1])
    rarity = {stem: math.log1p(count / captions) for stem, captions in stems.items()}
    by_count = sorted(written, key=lambda stem: (-written[stem].total(), stem))
    frequent = [stem for stem in by_count if written[stem].total() >= CAPTIONS_OF_A_NOUN_MIN][:NOUNS_EMBEDDED]
    if not frequent:
        return UsedWords(rarity, frozenset(coloured))
    vectors = embed_texts([written[stem].most_common(1)[0][0] for stem in frequent])
    nouns = dict(zip(frequent, vectors, strict=True))
    if len(frequent) < NOUNS_MIN:
        return UsedWords(rarity, frozenset(coloured), nouns)
    cosines = vectors @ vectors.T - 2 * np.eye(len(vectors), dtype=np.float32)
    different = float(np.quantile(cosines.max(axis=1), DIFFERENT_QUANTILE))
    return UsedWords(rarity, frozenset(coloured), nouns, (1 + different) / 2)
