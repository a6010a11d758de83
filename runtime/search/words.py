"""Which words of a text name something that a picture could show: its content words, their stems, the text without one.

Plain rules over English. Words of other scripts count as content words and are compared as they are written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
POSSESSIVE = re.compile(r"['’]s?$")
# Words that name nothing a picture could show. Numbers, colours and places are content and stay out of this list.
_FUNCTION_WORDS = """
    a an and any are as at be been being but by can could did do does for from had has have her hers him his i if in
    into is it its just me my of off on onto or our out please she he shall should show showing so some such than that
    the their them then there these they this those to up us was we were what when where which while who whose will
    with would you your find image images photo photos photograph photographs picture pictures
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True)
class Phrase:
    """A text whose words are looked up once: a caption, or one side of a query."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The content words: lower case, in the order of the text, each once."""
        return tuple(content_words(self.text))

    @cached_property
    def stem_sequence(self) -> tuple[str, ...]:
        """The stem of each content word, in the order of the text."""
        return tuple(map(stem, self.words))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the content words."""
        return frozenset(self.stem_sequence)


def content_words(text: str) -> list[str]:
    """Return the words that a picture could show: lower case, in the order of the text, each once."""
    return list(dict.fromkeys(word for word in map(bare_word, WORD.findall(text)) if word not in FUNCTION_WORDS))


def split_compounds(words: Iterable[str]) -> list[str]:
    """Return the content words with those that hyphens join taken apart: "t-shirt" becomes "t" and "shirt"."""
    parts = (bare_word(part) for word in words for part in word.split("-"))
    return [part for part in parts if part not in FUNCTION_WORDS]


def without_word(text: str, word: str) -> str:
    """Return the text with every occurrence of a content word left out."""
    kept = WORD.sub(lambda found: "" if bare_word(found[0]) == word else found[0], text)
    return " ".join(kept.split())


def stem(word: str) -> str:
    """Return the singular of a regular English plural, so that "boats" finds "boat"; other words as they are."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def bare_word(word: str) -> str:
    """Return a word in lower case, without the ending of a possessive."""
    return POSSESSIVE.sub("", word.lower())
