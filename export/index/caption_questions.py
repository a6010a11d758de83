"""Questions made of a library's own captions, and which pictures answer them: examples of true and of false matches.

A question is a caption, a few successive words of one, or one or two of the things that it names. Each picture whose
caption agrees is a true match. With all of those left out, the best hit of the rest is a false match: what a search finds
in a library that has no answer. Plain rules over words; knows no vector.
"""

import random
from collections import defaultdict
from collections.abc import Sequence

from runtime.search.testimony import NounPhrase, Statement, compare, is_part_of_phrase, noun_phrases
from runtime.search.words import FUNCTION_WORDS, WORD

# Of the questions: people ask with few words and with many, and for things that stand nowhere side by side in a caption.
WHOLE_SHARE, THINGS_SHARE = 0.1, 0.4
ARTICLES = frozenset({"a", "an", "the"})
DETAIL_SHARE = 0.5  # of the things are asked for with their colours and number


class CaptionReadings:
    """What the captions of some pictures name, counted from 0, and which of them agree with a statement."""

    def __init__(self, readings: Sequence[Sequence[NounPhrase]]) -> None:
        """Take the noun phrases of each caption."""
        self.of_pictures = readings
        self._mentioning: defaultdict[str, set[int]] = defaultdict(set)
        for at, reading in enumerate(readings):
            for word in _stems(reading):
                self._mentioning[word].add(at)

    def agreeing(self, statement: Statement) -> set[int]:
        """Return the pictures whose captions agree with a statement that names something."""
        mentioning = set.intersection(*(self._mentioning[word] for word in _stems(statement.phrases)))
        return {at for at in mentioning if compare(statement, self.of_pictures[at]).agrees}

    def mentioning(self, word: str) -> set[int]:
        """Return the pictures whose captions have a content word, given as its stem."""
        return self._mentioning[word]

    def mentioning_a_word_of(self, statement: Statement, rng: random.Random) -> set[int]:
        """Return the pictures whose captions have one content word of a statement, chosen at random."""
        return self.mentioning(rng.choice(sorted(_stems(statement.phrases))))


class CaptionQuestions:
    """Makes questions of the captions of some pictures."""

    def __init__(self, captions: Sequence[str]) -> None:
        """Read the captions; one that names nothing gives no question and answers none."""
        self.readings = CaptionReadings([noun_phrases(caption) for caption in captions])
        self._words = [[word.lower() for word in WORD.findall(caption)] for caption in captions]
        self._naming = [at for at, reading in enumerate(self.readings.of_pictures) if reading]

    @property
    def exist(self) -> bool:
        """Whether any caption names anything."""
        return bool(self._naming)

    def draw(self, rng: random.Random) -> str:
        """Return a random question; it names at least one thing."""
        at = rng.choice(self._naming)
        kind = rng.random()
        if kind < WHOLE_SHARE:
            return " ".join(self._words[at])
        things = [phrase for phrase in self.readings.of_pictures[at] if phrase.number]
        if things and kind < WHOLE_SHARE + THINGS_SHARE:
            things = rng.sample(things, min(rng.randint(1, 2), len(things)))
            return " and ".join(_written(thing, detailed=rng.random() < DETAIL_SHARE) for thing in things)
        return self._some_words(at, rng)

    def _some_words(self, at: int, rng: random.Random) -> str:
        """Return successive words of a caption that name something, without cutting through a noun phrase."""
        words = self._words[at]
        while True:
            start = rng.randrange(len(words))
            end = rng.randint(start + 1, len(words))
            while start and not _parts(words[start - 1], words[start]):
                start -= 1
            while end < len(words) and not _parts(words[end - 1], words[end]):
                end += 1
            question = " ".join(_trimmed(words[start:end]))
            if noun_phrases(question):
                return question


def _parts(one: str, other: str) -> bool:
    """Return whether a noun phrase may end between two successive words."""
    return other in ARTICLES or not (one in ARTICLES or is_part_of_phrase(one)) or not is_part_of_phrase(other)


def _stems(reading: Sequence[NounPhrase]) -> set[str]:
    return {word for phrase in reading for word in phrase.words}


def _written(thing: NounPhrase, *, detailed: bool) -> str:
    """Return a thing as one would ask for it: "two red boats", or "boats" without detail; "a red boat", or "a boat"."""
    colours = thing.colours if detailed else ()
    number = thing.number_word if detailed and thing.counted else "a" if thing.number == 1 else ""
    return " ".join(filter(None, (number, *colours, thing.noun)))


def _trimmed(words: list[str]) -> list[str]:
    """Return the words without function words at either end, but for an article: "on a red boat in the" is "a red boat"."""
    while words and words[-1] in FUNCTION_WORDS:
        words = words[:-1]
    while words and words[0] in FUNCTION_WORDS - ARTICLES:
        words = words[1:]
    return words
