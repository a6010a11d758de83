"""What a text names that a picture could show: its content words, their stems, and the text without one of them.

Plain rules over English; other scripts are words too, and are compared as they are written. Knows no model and no sentence.
"""

import re
from dataclasses import dataclass

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
POSSESSIVE = re.compile(r"['’]s?$")
# A minus-word stands behind a space or at the start: "t-shirt" and "8-bit" are words. "-'red boat'" takes a phrase.
MINUS = re.compile(r"""(?:^|(?<=\s))[-−–](?:"([^"]+)"|'([^']+)'|(\w[^\s]*))""")
# Words that say nothing a picture could show. Numbers, colours and places are content and stay out of this list.
_FUNCTION_WORDS = """
    a an and any are as at be been being but by can could did do does for from had has have her hers him his i if in
    into is it its just me my of off on onto or our out please she he shall should show showing so some such than that
    the their them then there these they this those to up us was we were what when where which while who whose will
    with would you your find image images photo photos photograph photographs picture pictures
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True)
class Wish:
    """What a query asks for, and what it wants left out: "a boat -sunset" is ("a boat", ("sunset",))."""

    wanted: str
    unwanted: tuple[str, ...] = ()


def read_wish(query: str) -> Wish:
    """Return a query's wanted text and its minus-words, each as it was written."""
    unwanted = ["".join(filter(None, found.groups())).strip() for found in MINUS.finditer(query)]
    return Wish(" ".join(MINUS.sub(" ", query).split()), tuple(dict.fromkeys(filter(None, unwanted))))


def content_words(text: str) -> list[str]:
    """Return the words that a picture could show: lower case, in the order of the text, each once."""
    return list(dict.fromkeys(word for word in map(_bare, WORD.findall(text)) if word not in FUNCTION_WORDS))


def without_word(text: str, word: str) -> str:
    """Return the text with every occurrence of a content word left out."""
    kept = WORD.sub(lambda found: "" if _bare(found[0]) == word else found[0], text)
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


def stems(text: str) -> frozenset[str]:
    """Return the stems of a text's content words."""
    return frozenset(map(stem, content_words(text)))


def _bare(word: str) -> str:
    return POSSESSIVE.sub("", word.lower())
