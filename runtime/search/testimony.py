"""What a caption says of a query: it agrees, it contradicts, or it is silent. Plain rules over English noun phrases.

A caption agrees where it names all that the query names, each colour and number with its own noun: "a red boat next to a
blue house" agrees with "a red boat", and contradicts "a blue boat". It contradicts only in what cannot both be so: another
colour, another number, or a denial. What it leaves out it is silent on, as no caption names everything that a picture shows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from runtime.search.words import FUNCTION_WORDS, JOINING_WORDS, NOUNS_IN_ING, WORD, bare_word, stem

READINGS_KEPT = 4096  # captions whose noun phrases are remembered: about 4 MB

DENYING_WORDS = frozenset(("except", "never", "no", "not", "without"))
# What a denial reaches over to the noun: "without a hat or any scarf".
_REACHED_OVER = frozenset(("a", "an", "any", "or", "the"))
COLOURS = frozenset("""
    beige black blue brown crimson cyan gray green magenta maroon navy orange pink purple red tan teal turquoise violet white
    yellow
""".split())  # fmt: skip
_SAME = {"grey": "gray"}
_NUMBER_WORDS = "one two three four five six seven eight nine ten eleven twelve".split()
NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, start=1)}
_TOKEN = re.compile(rf"{WORD.pattern}|[.,;:!?()\"“”/|]")


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """One thing with what is said of it: "two small red boats".

    `words` are the stems, the noun last; `noun` is as it was written. `colours` are those of `words` that are colours, before
    the noun. `number` is how many, 1 for "a boat", None for "boats" and "the boat". `denied`: "no boat".
    """

    words: tuple[str, ...]
    noun: str
    colours: tuple[str, ...] = ()
    number: int | None = None
    counted: bool = False  # by a number word, not by an article
    denied: bool = False


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
    """What one caption says of one query; silent where it neither agrees nor has a conflict."""

    agrees: bool = False
    conflict: Conflict | None = None


SILENT, AGREES = Testimony(), Testimony(agrees=True)


def testify(query: str, caption: str) -> Testimony:
    """Return what the caption says of the query; it is silent where the query names nothing."""
    wanted, told = noun_phrases(query), noun_phrases(caption)
    if not wanted or not told:
        return SILENT
    stated = [_states(phrase, told) for phrase in wanted]
    if all(stated):
        return AGREES
    missed = (phrase for phrase, is_stated in zip(wanted, stated, strict=True) if not is_stated)
    return Testimony(conflict=next((conflict for phrase in missed if (conflict := _conflict(phrase, told))), None))


@lru_cache(READINGS_KEPT)
def noun_phrases(text: str) -> tuple[NounPhrase, ...]:
    """Return the noun phrases of a text, in its order; a verb, or a colour that stands alone, is one by itself."""
    return tuple(_read(_tokens(text)))


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
        return Conflict("number", affirmed[0].noun, _number_word(wanted.number), _number_word(affirmed[0].number))
    return None


def _tokens(text: str) -> Iterator[str]:
    """Yield the words, in lower case, and "," for whatever ends a clause."""
    for token in _TOKEN.findall(text):
        word = bare_word(token) if token[0].isalnum() else ","
        yield _SAME.get(word, word)


def _read(tokens: Iterator[str]) -> Iterator[NounPhrase]:
    words: list[str] = []
    number, counted, denied = None, False, False
    for token in tokens:
        if token in NUMBERS or (token.isdecimal() and len(token) <= 2):
            if words:
                yield _phrase(words, number, counted, denied)
                words, denied = [], False
            number, counted = NUMBERS.get(token) or int(token), True
        elif _is_word(token):
            if words and _is_verb(words[-1]):
                yield _phrase(words, number, counted, denied)
                words, number, counted = [], None, False
            elif words and _is_verb(token):
                yield _phrase(words, number, counted, denied)
                words, number, counted, denied = [], None, False, False
            words.append(token)
        elif words and token in ("and", ",") and all(word in COLOURS for word in words):
            continue  # "a red and white boat"
        else:
            if words:
                yield _phrase(words, number, counted, denied)
                words, number, counted = [], None, False
            denied = token in DENYING_WORDS or (denied and token in _REACHED_OVER)
            if token in ("a", "an"):
                number, counted = 1, False
            elif token not in _REACHED_OVER:
                number, counted = None, False
    if words:
        yield _phrase(words, number, counted, denied)


def _is_word(token: str) -> bool:
    return token != "," and token not in FUNCTION_WORDS and token not in JOINING_WORDS and token not in DENYING_WORDS


def _is_verb(word: str) -> bool:
    return word.endswith("ing") and len(word) > 5 and word not in NOUNS_IN_ING


def _phrase(words: Sequence[str], number: int | None, counted: bool, denied: bool) -> NounPhrase:
    colours = tuple(word for word in words[:-1] if word in COLOURS)
    stems = tuple(map(stem, words))
    return NounPhrase(stems, words[-1], colours, number, counted, denied)


def _number_word(number: int | None) -> str:
    return _NUMBER_WORDS[number - 1] if number and number <= len(_NUMBER_WORDS) else str(number)
