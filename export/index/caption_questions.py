"""Questions that a library's own captions answer: free examples of true and of false matches.

A question is a run of words out of a caption. Every picture whose caption says as much is a true match. With all of those
hidden, the best of the rest is a false one: what a search finds when the library does not hold what is asked. Plain rules
over words; knows no vector.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from runtime.search.words import FUNCTION_WORDS, WORD, stem

WHOLE_SHARE = 0.35  # of the questions that are a whole caption: people ask in few words and in many
ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class Meaning:
    """What some words say: the stems of the content words, and which of them stand side by side ("red boat")."""

    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, words: Sequence[str]) -> "Meaning":
        """Return the meaning of lower-case words in their order."""
        marked = ["" if word in FUNCTION_WORDS else stem(word) for word in words]
        pairs = ((one, other) for one, other in pairwise(marked) if one and other)
        return cls(frozenset(filter(None, marked)), frozenset(pairs))


class CaptionBook:
    """The captions of some pictures, counted from 0, and what each says."""

    def __init__(self, captions: Sequence[str]) -> None:
        """Read the captions; those without a content word answer nothing and ask nothing."""
        self._words = [[word.lower() for word in WORD.findall(caption)] for caption in captions]
        self._meanings = [Meaning.of(words) for words in self._words]
        self._asking = [at for at, meaning in enumerate(self._meanings) if meaning.stems]
        self._mentioning: defaultdict[str, set[int]] = defaultdict(set)
        for at, meaning in enumerate(self._meanings):
            for word in meaning.stems:
                self._mentioning[word].add(at)

    @property
    def can_ask(self) -> bool:
        """Whether any caption has a content word."""
        return bool(self._asking)

    def ask(self, rng: random.Random) -> list[str]:
        """Return the words of a question out of some caption; at least one is a content word."""
        words = self._words[rng.choice(self._asking)]
        if rng.random() < WHOLE_SHARE:
            return words
        while True:
            start = rng.randrange(len(words))
            end = rng.randint(start + 1, len(words))
            if question := _trimmed(words[start:end]):
                return question

    def answers(self, question: Sequence[str]) -> set[int]:
        """Return the pictures whose captions say all that the question says, in whatever order."""
        meaning = Meaning.of(question)
        mentioning = set.intersection(*(self._mentioning[word] for word in meaning.stems))
        return {at for at in mentioning if meaning.pairs <= self._meanings[at].pairs}

    def mentioning_a_word_of(self, question: Sequence[str], rng: random.Random) -> set[int]:
        """Return the pictures whose captions have one content word of the question, chosen at random."""
        return self._mentioning[rng.choice(sorted(Meaning.of(question).stems))]


def _trimmed(words: list[str]) -> list[str]:
    """Return the words without what hangs in the air at either end: "on a red boat in the" is "a red boat"."""
    while words and words[-1] in FUNCTION_WORDS:
        words = words[:-1]
    while words and words[0] in FUNCTION_WORDS - ARTICLES:
        words = words[1:]
    return words
