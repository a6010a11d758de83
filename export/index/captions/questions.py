"""Questions made of a library's own captions, and which pictures answer them: examples of true and of false matches.

A question is a caption, a few successive words of one, or one or two of the things that it names. Each picture whose
caption agrees is a true match. With all of those left out, the best hit of the rest is a false match: what a search finds
in a library that has no answer. Plain rules over words; knows no vector.
"""

import math
import random
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence

from runtime.search.caption_stance import Statement, compare
from runtime.search.noun_phrases import NounPhrase, is_part_of_phrase, noun_phrases
from runtime.search.word_pattern import WORD
from runtime.search.words import FUNCTION_WORDS

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

    def most_covering(self, rarity: Mapping[str, float], count: int, leave_out: Container[int] = ()) -> list[int]:
        """Return the pictures whose captions have most of some stems, by their rarity, as full text finds them."""
        covered: defaultdict[int, float] = defaultdict(float)
        for word, weight in rarity.items():
            for at in self._mentioning.get(word, ()):
                covered[at] += weight
        allowed = (at for at in covered if at not in leave_out)
        return sorted(allowed, key=lambda at: (-covered[at], at))[:count]

    def rarity(self, text: str) -> dict[str, float]:
        """Return how rare the stems of a text are that captions use, as in an index (`library/caption_words.py`)."""
        stems = sorted(_stems(noun_phrases(text)) & self._mentioning.keys())
        return {word: math.log1p(len(self.of_pictures) / len(self._mentioning[word])) for word in stems}

    def mentioning(self, word: str) -> set[int]:
        """Return the pictures whose captions have a content word, given as its stem."""
        return self._mentioning[word]

    def mentioning_a_word_of(self, statement: Statement, rng: random.Random) -> set[int]:
        """Return the pictures whose captions have one content word of a statement, chosen at random."""
        return self.mentioning(rng.choice(sorted(_stems(statement.phrases))))


class CaptionQuestions:
    """Makes questions of the captions of some pictures."""

    def __init__(self, captions: Sequence[Sequence[str]]) -> None:
        """Read the captions of each picture; one that names nothing gives no question and answers none."""
        read = [[(caption, noun_phrases(caption)) for caption in of_picture] for of_picture in captions]
        self.readings = CaptionReadings([[phrase for _, phrases in one for phrase in phrases] for one in read])
        self._naming = [caption for of_picture in read for caption in of_picture if caption[1]]

    @property
    def exist(self) -> bool:
        """Whether any caption names anything."""
        return bool(self._naming)

    def draw(self, rng: random.Random) -> str:
        """Return a random question; it names at least one thing."""
        caption, phrases = rng.choice(self._naming)
        words = [word.lower() for word in WORD.findall(caption)]
        kind = rng.random()
        if kind < WHOLE_SHARE:
            return " ".join(words)
        things = [phrase for phrase in phrases if phrase.number]
        if things and kind < WHOLE_SHARE + THINGS_SHARE:
            things = rng.sample(things, min(rng.randint(1, 2), len(things)))
            return " and ".join(_written(thing, detailed=rng.random() < DETAIL_SHARE) for thing in things)
        return _some_of(words, rng)


def _some_of(words: Sequence[str], rng: random.Random) -> str:
    """Return successive words of a caption that name something, without cutting through a noun phrase."""
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


def _trimmed(words: Sequence[str]) -> Sequence[str]:
    """Return the words without function words at either end, but for an article: "on a red boat in the" is "a red boat"."""
    while words and words[-1] in FUNCTION_WORDS:
        words = words[:-1]
    while words and words[0] in FUNCTION_WORDS - ARTICLES:
        words = words[1:]
    return words
