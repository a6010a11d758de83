"""What a caption says of a query: it agrees, it contradicts, or it is silent. Plain rules over English noun phrases.

A caption agrees where it names all that the query names, each colour and number with its own noun: "a red boat next to a
blue house" agrees with "a red boat", and contradicts "a blue boat". It contradicts only in what cannot both be so: another
colour, another number, or a denial. What it leaves out it is silent on, as no caption names everything that a picture shows.
"""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from runtime.search.words import FUNCTION_WORDS, JOINING_WORDS, NOUNS_IN_ING, WORD, bare_word, stem

READINGS_KEPT = 4096  # captions whose noun phrases are remembered: about 4 MB

DENYING_WORDS = frozenset(("except", "never", "no", "not", "without"))
# What a denial reaches over to the noun: "without a hat or any scarf".
_REACHED_OVER = frozenset(("a", "an", "any", "or", "the"))
_COLOURS = """
    beige black blue brown crimson cyan gray green magenta maroon navy orange pink purple red tan teal turquoise violet
    white yellow
"""
COLOURS = frozenset(_COLOURS.split())
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, start=1)}
_TOKEN = re.compile(rf"{WORD.pattern}|[.,;:!?()\"“”/|]")
_SAME = {"grey": "gray"}


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """One thing with what is said of it: "two small red boats".

    `words` are the stems, the noun last; `noun` is as it was written. `number` is how many, 1 for "a boat", None for "boats"
    and "the boat"; `counted`: by a number word, not by an article. `denied`: "no boat".
    """

    words: tuple[str, ...]
    noun: str
    number: int | None = None
    counted: bool = False
    denied: bool = False

    @property
    def colours(self) -> tuple[str, ...]:
        """Those of the words before the noun that are colours."""
        return tuple(word for word in self.words[:-1] if word in COLOURS)

    @property
    def number_word(self) -> str:
        """The number in words, "three", in digits from thirteen on; empty where there is none."""
        if self.number is None:
            return ""
        return _NUMBER_WORDS[self.number - 1] if 1 <= self.number <= len(_NUMBER_WORDS) else str(self.number)


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a caption says instead: of the thing `noun`, `told` instead of `wanted`.

    `told` is empty for a denied thing. `elsewhere`: the caption says the wanted colour of another thing.
    """

    kind: Literal["colour", "number", "denied"]
    noun: str
    wanted: str
    told: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Testimony:
    """What one caption says of one query; silent where it neither agrees nor has a conflict.

    `agrees_in_part`: it agrees with all that the library's captions have words for, and the query asks for more. `coverage`
    is the share of the query's words that it has, in [0, 1]; rare words weigh more.
    """

    agrees: bool = False
    agrees_in_part: bool = False
    conflict: Conflict | None = None
    coverage: float = 0.0


SILENT = Testimony()
AGREES, AGREES_IN_PART = Testimony(agrees=True, coverage=1.0), Testimony(agrees_in_part=True, coverage=1.0)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a query states, as captions can be compared with it.

    `phrases` are its noun phrases but for those with a word that no caption of the library uses, and none with the same
    meaning: that a caption lacks these says nothing. `is_whole`: none is left out. `rarity` says how much each stem that
    captions use tells.
    """

    phrases: tuple[NounPhrase, ...]
    rarity: Mapping[str, float]
    is_whole: bool = True

    @property
    def compared(self) -> Literal["whole", "part", "nothing"]:
        """How much of the query captions can say."""
        return "nothing" if not self.phrases else "whole" if self.is_whole else "part"

    @classmethod
    def of(
        cls,
        text: str,
        rarity: Mapping[str, float] | None = None,
        same_meaning: Callable[[str], str | None] = lambda _: None,
    ) -> Self:
        """Return what a text states.

        Args:
            text: a query, or what is unwanted.
            rarity: of the stems that captions use, more the fewer do; None where that is not known.
            same_meaning: a noun as written that none uses -> the stem of one that some use, such as "sunset" for "dusk".
        """
        phrases = noun_phrases(text)
        stems = {word for phrase in phrases for word in phrase.words}
        if rarity is None:
            return cls(phrases, dict.fromkeys(stems, 1.0))
        said = [_in_used_words(phrase, rarity, same_meaning) for phrase in phrases]
        kept = tuple(phrase for phrase in said if phrase)
        stems |= {word for phrase in kept for word in phrase.words}
        told = {word: rarity[word] for word in stems if word in rarity}
        told |= {word: 1.0 for phrase in kept for word in phrase.words if word not in told}  # of a word in another's place
        return cls(kept, told, is_whole=len(kept) == len(phrases))


def testify(query: str, caption: str) -> Testimony:
    """Return what the caption says of the query; it is silent where the query names nothing."""
    return compare(Statement.of(query), noun_phrases(caption))


def compare(statement: Statement, told: Sequence[NounPhrase]) -> Testimony:
    """Return what the noun phrases of a caption say of a statement."""
    if not told or not statement.rarity:
        return SILENT
    missed = [phrase for phrase in statement.phrases if not _states(phrase, told)]
    if not missed and statement.phrases:
        return AGREES if statement.is_whole else AGREES_IN_PART
    words = {word for phrase in told if not phrase.denied for word in phrase.words}
    covered = sum(rarity for word, rarity in statement.rarity.items() if word in words)
    conflict = next((conflict for phrase in missed if (conflict := _conflict(phrase, told))), None)
    return Testimony(conflict=conflict, coverage=covered / sum(statement.rarity.values()))


def said_features(said: Sequence[Testimony]) -> NDArray[np.float64]:
    """Return (k, 3), the `TESTIMONY_FEATURES` of k captions: whether each agrees, if in part; contradicts; its coverage."""
    rows = [(one.agrees or one.agrees_in_part, one.conflict is not None, one.coverage) for one in said]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


@lru_cache(READINGS_KEPT)
def noun_phrases(text: str) -> tuple[NounPhrase, ...]:
    """Return the noun phrases of a text, in its order; a verb, or a colour that stands alone, is one by itself."""
    reader = _Reader()
    for token, following in pairwise([*_TOKEN.findall(text), "."]):
        reader.read(token, following)
    reader.end_phrase()
    return tuple(reader.phrases)


def _in_used_words(phrase: NounPhrase, used: Container[str], same_meaning: Callable[[str], str | None]) -> NounPhrase | None:
    """Return a phrase as captions would say it; None where they have no words for it.

    It is taken as a whole: "grey clouds" may be "rain", which are no "grey rain".
    """
    if all(word in used for word in phrase.words):
        return phrase
    word = None if phrase.words[-1] in used else same_meaning(" ".join([*phrase.words[:-1], phrase.noun]))
    return replace(phrase, words=(word,)) if word else None


def _states(wanted: NounPhrase, told: Sequence[NounPhrase]) -> bool:
    """Return whether all words of a phrase are said, bound as they are there.

    People also type bare lists ("boat sunset"), which read like one phrase: a word that the caption has as a noun of its own
    need not stand beside its neighbour. A colour and a number must.
    """
    said = [set(phrase.words) for phrase in told if phrase.denied == wanted.denied]
    nouns = {phrase.words[-1] for phrase in told}
    words = wanted.words
    if wanted.counted and not any(phrase.number == wanted.number and words[0] in phrase.words for phrase in told):
        return False
    if len(words) == 1:
        return any(words[0] in phrase for phrase in said)
    return all(
        any({one, other} <= phrase for phrase in said)
        or (one in nouns and not {one, other} & COLOURS and any(other in phrase for phrase in said))
        for one, other in pairwise(words)
    )


def _conflict(wanted: NounPhrase, told: Sequence[NounPhrase]) -> Conflict | None:
    """Return how the caption speaks of the wanted thing otherwise; None where it does not."""
    same = [said for said in told if wanted.words[-1] in said.words]
    if not same:
        return None
    affirmed = [said for said in same if not said.denied]
    if not affirmed:
        return Conflict("denied", wanted.noun, wanted.noun)
    if wanted.colours and all(said.colours and not set(wanted.colours) & set(said.colours) for said in affirmed):
        colour = wanted.colours[0]
        elsewhere = any(colour in said.words for said in told if not said.denied)
        return Conflict("colour", affirmed[0].noun, colour, " and ".join(affirmed[0].colours), elsewhere)
    if wanted.counted and all(said.number not in (None, wanted.number) for said in affirmed):
        return Conflict("number", affirmed[0].noun, wanted.number_word, affirmed[0].number_word)
    return None


class _Reader:
    """Cuts a text into noun phrases, token by token."""

    def __init__(self) -> None:
        self.phrases: list[NounPhrase] = []
        self._words: list[str] = []  # of the phrase that is being read
        self._number: int | None = None
        self._counted = self._denied = self._denied_before = False

    def read(self, token: str, following: str) -> None:
        """Read a word or a mark of punctuation, with a look at the next."""
        word = bare_word(token) if token[0].isalnum() else ","
        word = _SAME.get(word, word)
        if word in NUMBERS or (word.isdecimal() and len(word) <= 2):
            if self._words:  # else a denial reaches over the number: "without two boats"
                self.end_phrase()
            self._number, self._counted = NUMBERS.get(word) or int(word), True
        elif is_part_of_phrase(word):
            if self._words and (_is_verb(word) or _is_verb(self._words[-1])):
                self.end_phrase()
            self._words.append(word)
        elif not (word in ("and", ",") and self._is_joined_to(bare_word(following))):
            self.end_phrase()
            self._denied = word in DENYING_WORDS or (self._denied_before and word in _REACHED_OVER)
            if word in ("a", "an"):
                self._number, self._counted = 1, False

    def _is_joined_to(self, following: str) -> bool:  # "a red and striped boat", "a small red and white boat"
        joined = self._words[-1:] if _SAME.get(following, following) in COLOURS else self._words
        return bool(joined) and COLOURS.issuperset(joined)

    def end_phrase(self) -> None:
        """Keep the phrase that has been read, if there is one, and begin another."""
        if self._words:
            words = tuple(map(stem, self._words))
            self.phrases.append(NounPhrase(words, self._words[-1], self._number, self._counted, self._denied))
        self._denied_before = self._denied
        self._words, self._number, self._counted, self._denied = [], None, False, False


def is_part_of_phrase(token: str) -> bool:
    """Return whether a word in lower case can belong to a noun phrase, articles aside."""
    return token != "," and token not in FUNCTION_WORDS and token not in JOINING_WORDS and token not in DENYING_WORDS


def _is_verb(word: str) -> bool:
    return word.endswith("ing") and len(word) > 5 and word not in NOUNS_IN_ING
