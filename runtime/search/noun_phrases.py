"""Noun phrases: the things that a text names, each with its colours, its number, and whether it is denied.

Plain rules over English words; no tagger. Other scripts are read as one phrase a clause.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from runtime.search.word_pattern import WORD
from runtime.search.words import (
    COLOURS,
    FUNCTION_WORDS,
    JOINING_WORDS,
    NUMBER_WORDS,
    NUMBERS,
    SAME_SPELLING,
    bare_word,
    is_verb,
    stem,
)

READINGS_KEPT = 4096  # captions whose noun phrases are remembered: about 4 MB

DENYING_WORDS = frozenset(("except", "never", "no", "not", "without"))
# What a denial reaches over to the noun: "without a hat or any scarf".
_REACHED_OVER = frozenset(("a", "an", "any", "or", "the"))
_TOKEN = re.compile(rf"{WORD.pattern}|[.,;:!?()\"“”/|]")


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
        return NUMBER_WORDS[self.number - 1] if 1 <= self.number <= len(NUMBER_WORDS) else str(self.number)


@lru_cache(READINGS_KEPT)
def noun_phrases(text: str) -> tuple[NounPhrase, ...]:
    """Return the noun phrases of a text, in its order; a verb, or a colour that stands alone, is one by itself."""
    reader = _Reader()
    for token, following in pairwise([*_TOKEN.findall(text), "."]):
        reader.read(token, following)
    reader.end_phrase()
    return tuple(reader.phrases)


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
        word = SAME_SPELLING.get(word, word)
        if word in NUMBERS or (word.isdecimal() and len(word) <= 2):
            if self._words:  # else a denial reaches over the number: "without two boats"
                self.end_phrase()
            self._number, self._counted = NUMBERS.get(word) or int(word), True
        elif is_part_of_phrase(word):
            if self._words and (is_verb(word) or is_verb(self._words[-1])):
                self.end_phrase()
            self._words.append(word)
        elif not (word in ("and", ",") and self._is_joined_to(bare_word(following))):
            self.end_phrase()
            self._denied = word in DENYING_WORDS or (self._denied_before and word in _REACHED_OVER)
            if word in ("a", "an"):
                self._number, self._counted = 1, False

    def _is_joined_to(self, following: str) -> bool:  # "a red and striped boat", "a small red and white boat"
        joined = self._words[-1:] if SAME_SPELLING.get(following, following) in COLOURS else self._words
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
