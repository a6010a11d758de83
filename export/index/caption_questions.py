"""Questions made of a library's own captions, and which pictures answer them: examples of true and of false matches.

A question is a few successive words of a caption. Every picture whose caption has the same words is a true match. With all
of those left out, the best hit of the rest is a false match: what a search finds in a library that has no answer. Plain
rules over words; knows no vector.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from runtime.search.words import FUNCTION_WORDS, WORD, stem

WHOLE_SHARE = 0.35  # of the questions are a whole caption: people ask with few words and with many
ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class ContentTerms:
    """What is compared of a text: the stems of its content words, and the pairs of them that are adjacent ("red boat")."""

    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, words: Sequence[str]) -> "ContentTerms":
        """Return the terms of lower-case words, given in their order."""
        stems = ["" if word in FUNCTION_WORDS else stem(word) for word in words]
        pairs = ((one, other) for one, other in pairwise(stems) if one and other)
        return cls(frozenset(filter(None, stems)), frozenset(pairs))


class CaptionQuestions:
    """Makes questions of the captions of some pictures, counted from 0, and finds the pictures that answer them."""

    def __init__(self, captions: Sequence[str]) -> None:
        """Read the captions; one without a content word gives no question and answers none."""
        self._words = [[word.lower() for word in WORD.findall(caption)] for caption in captions]
        self._terms = [ContentTerms.of(words) for words in self._words]
        self._with_terms = [at for at, terms in enumerate(self._terms) if terms.stems]
        self._mentioning: defaultdict[str, set[int]] = defaultdict(set)
        for at, terms in enumerate(self._terms):
            for word in terms.stems:
                self._mentioning[word].add(at)

    @property
    def exist(self) -> bool:
        """Whether any caption has a content word."""
        return bool(self._with_terms)

    def draw(self, rng: random.Random) -> list[str]:
        """Return the words of a random question; at least one is a content word."""
        words = self._words[rng.choice(self._with_terms)]
        if rng.random() < WHOLE_SHARE:
            return words
        while True:
            start = rng.randrange(len(words))
            end = rng.randint(start + 1, len(words))
            if question := _trimmed(words[start:end]):
                return question

    def answers(self, question: Sequence[str]) -> set[int]:
        """Return the pictures whose captions have all terms of the question, in any order."""
        terms = ContentTerms.of(question)
        mentioning = set.intersection(*(self._mentioning[word] for word in terms.stems))
        return {at for at in mentioning if terms.pairs <= self._terms[at].pairs}

    def mentioning_a_word_of(self, question: Sequence[str], rng: random.Random) -> set[int]:
        """Return the pictures whose captions have one content word of the question, chosen at random."""
        return self._mentioning[rng.choice(sorted(ContentTerms.of(question).stems))]


def _trimmed(words: list[str]) -> list[str]:
    """Return the words without function words at either end, but for an article: "on a red boat in the" is "a red boat"."""
    while words and words[-1] in FUNCTION_WORDS:
        words = words[:-1]
    while words and words[0] in FUNCTION_WORDS - ARTICLES:
        words = words[1:]
    return words
