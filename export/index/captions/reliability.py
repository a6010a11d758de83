"""How far a library's captions are to be trusted, measured without labels: how often their words err, and what they omit.

The picture tower is the judge, so both figures are upper bounds: where it cannot tell, the captions are not trusted. A right
word fits its picture better than a random one of the library. A picture that lacks a noun in its caption fits the noun worse
than the pictures whose captions have it.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.index.captions.words import EmbedTexts
from runtime.search.noun_phrases import NounPhrase, noun_phrases
from runtime.search.words import COLOURS, NUMBERS, stem

EXCHANGES = 400  # of one word in one caption, each three runs of the text tower
NOUNS_TRIED = 60
PICTURES_OF_A_NOUN_MIN = 5
# A right word's lead over a random one seldom falls below this quantile of the leads of one random word over another.
TAIL = 0.25
SHARE_MAX = 0.9  # of words wrong, and of things omitted; beyond it, a fit would find a sense in noise


@dataclass(frozen=True)
class CaptionReliability:
    """The share of a caption's words that are wrong, and the share of the things shown that it does not name; in [0, 1]."""

    wrong: float
    omitted: float

    def share_with_errors(self, words: float) -> float:
        """Return which share of captions of so many words has a wrong one."""
        return float(1 - (1 - self.wrong) ** words)


class Vocabulary:
    """The nouns, colours and numbers of a library's captions, as written: what a word can be exchanged for."""

    def __init__(self, readings: Sequence[Sequence[NounPhrase]]) -> None:
        """Take the words of all captions."""
        words: defaultdict[str, set[str]] = defaultdict(set)
        for phrase in (phrase for reading in readings for phrase in reading):
            for word in _exchangeable(phrase):
                words[_kind(word)].add(word)
        self._by_kind = {kind: [(word, stem(word)) for word in sorted(known)] for kind, known in words.items()}
        exchangeable = sum(len(list(_exchangeable(phrase))) for reading in readings for phrase in reading)
        self.words_of_a_caption = exchangeable / len(readings)

    def another(self, word: str, rng: random.Random, *others: str) -> str:
        """Return another word of the same kind, and not one of `others`; the word itself where there is none."""
        taken = {stem(one) for one in (word, *others)}
        free = [known for known, singular in self._by_kind.get(_kind(word), []) if singular not in taken]
        return rng.choice(free) if free else word

    def misread(self, caption: str, wrong: float, rng: random.Random) -> str:
        """Return a caption with each of its nouns and colours exchanged at the chance `wrong`."""
        for word in [word for phrase in noun_phrases(caption) for word in _exchangeable(phrase)]:
            if rng.random() < wrong:
                caption = _exchanged(caption, word, self.another(word, rng))
        return caption


def measure_reliability(
    captions: Sequence[str], pictures: NDArray[np.float32], embed_texts: EmbedTexts, rng: random.Random
) -> CaptionReliability:
    """Return how reliable the captions of n pictures are, from about 1,000 runs of the text tower.

    Args:
        captions: n, none of them empty.
        pictures: their vectors, (n, d) of norm 1.
        embed_texts: t texts -> (t, d) float32 of norm 1.
        rng: draws the captions and words that are tried.
    """
    readings = [noun_phrases(caption) for caption in captions]
    wrong = _share_wrong(captions, readings, pictures, embed_texts, rng)
    omitted = _share_omitted(readings, pictures, embed_texts, rng)
    return CaptionReliability(min(wrong, SHARE_MAX), min(omitted, SHARE_MAX))


def without_omitted(reading: Sequence[NounPhrase], omitted: float, rng: random.Random) -> tuple[NounPhrase, ...]:
    """Return a caption's noun phrases with each left out at the chance `omitted`."""
    return tuple(phrase for phrase in reading if rng.random() >= omitted)


def _share_wrong(
    captions: Sequence[str],
    readings: Sequence[Sequence[NounPhrase]],
    pictures: NDArray[np.float32],
    embed_texts: EmbedTexts,
    rng: random.Random,
) -> float:
    """Return which share of the words leads over a random word no more than random words lead over each other.

    A wrong word is a random one to its picture. Of two random ones, a quarter falls below the first quartile of the lead;
    right ones hardly do. So the share of wrong words is about four times the share of all words that fall below it.
    """
    vocabulary = Vocabulary(readings)
    leads, random_leads = [], []
    for _ in range(EXCHANGES):
        at = rng.randrange(len(captions))
        words = [word for phrase in readings[at] for word in _exchangeable(phrase)]
        if not words:
            continue
        word = rng.choice(words)
        one = vocabulary.another(word, rng)
        other = vocabulary.another(word, rng, one)
        if word in (one, other):
            continue
        texts = [captions[at], *(_exchanged(captions[at], word, new) for new in (one, other))]
        score, with_one, with_other = embed_texts(texts) @ pictures[at]
        leads.append(score - with_one)
        random_leads += [with_one - with_other, with_other - with_one]  # symmetrical, as either came first by chance
    if not leads:
        return 1.0
    below = int((np.array(leads) < np.quantile(random_leads, TAIL)).sum())
    return _mean_share(below, len(leads)) / TAIL


def _share_omitted(
    readings: Sequence[Sequence[NounPhrase]], pictures: NDArray[np.float32], embed_texts: EmbedTexts, rng: random.Random
) -> float:
    """Return which share of the pictures of a noun lacks it in the caption, over some nouns.

    Half of the pictures that show a noun fit it better than the median of those whose captions have it; others hardly do.
    So the pictures that show it unnamed are about twice as many as those without it above that median.
    """
    naming: defaultdict[str, set[int]] = defaultdict(set)
    for at, reading in enumerate(readings):
        for phrase in reading:
            naming[phrase.words[-1]].add(at)
    nouns = sorted(noun for noun, named in naming.items() if PICTURES_OF_A_NOUN_MIN <= len(named) <= len(readings) // 2)
    named_count = unnamed_count = 0
    for noun in rng.sample(nouns, min(NOUNS_TRIED, len(nouns))):
        scores = pictures @ embed_texts([noun])[0]  # (n,)
        is_named = np.zeros(len(scores), dtype=bool)
        is_named[list(naming[noun])] = True
        named_count += int(is_named.sum())
        unnamed_count += 2 * int((scores[~is_named] > np.median(scores[is_named])).sum())
    return _mean_share(unnamed_count, named_count + unnamed_count)


def _mean_share(count: int, whole: int) -> float:
    """Return Laplace's estimate of a share, which is above 0 even where nothing was counted, and 1/2 of an empty whole."""
    return (count + 1) / (whole + 2)


def _exchangeable(phrase: NounPhrase) -> Iterator[str]:
    yield from phrase.colours
    yield phrase.noun


def _kind(word: str) -> str:
    if word in COLOURS:
        return "colour"
    if word in NUMBERS:
        return "number"
    return "noun" if stem(word) == word else "plural"


def _exchanged(caption: str, word: str, new: str) -> str:
    written = re.escape(word).replace("gray", "gr[ae]y")  # noun phrases have "gray" for both
    return re.sub(rf"\b{written}\b", new, caption, count=1, flags=re.IGNORECASE)
