"""Pictures found by words: by those of their captions, and of the names of their files and folders.

Words are without case and accents, cut at borders, and stemmed. The catalogue's full-text index is written and asked with
the same functions, so that a word of a query and a word of a picture are equal or not, letter for letter.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from runtime.library.case_folding import fold
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.photos.filters import Allowed
from runtime.search.embedded_query import Query
from runtime.search.noun_phrases import noun_phrases
from runtime.search.word_pattern import MARKS, UNSPACED
from runtime.search.words import FUNCTION_WORDS, content_words, stem

# How words are cut; counted up where that changes. The second one, for names in other scripts, came with `word_pattern.py`.
TEXT_RULES = 2
TEXTS_REMEMBERED = 64  # a query is asked for twice: what it finds, and which names state it
WORDS_REMEMBERED = 16_384  # captions use few words, each of them often: 3 MB
_ASCII_PART = re.compile(r"\d+|[^\W\d_]+")  # what `_any_part` is among ASCII letters
_RUN = re.compile(rf"[^\W_](?:[^\W_]|[{MARKS}])*")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # where "SunsetBoat" has its border
_APOSTROPHES = re.compile("['’]")


@dataclass(frozen=True, slots=True)
class TextWords:
    """The words that a picture must hold, each once.

    `last` is the text's last word as far as it was typed, not stemmed: it may be the beginning of one. `names_only`: the
    text has no content words, and its words are looked for in names of files and folders alone.
    """

    words: tuple[str, ...]
    last: str
    names_only: bool


def find_by_words(library: Library, text: str, limit: int, allowed: Allowed | None = None) -> list[int]:
    """Return the ids of at most `limit` pictures that hold all content words of a text, or else some, best first.

    Words are compared by their stems. Pictures that have all words whole come first, those with the shortest caption before
    the others, as its words cover more of it. Then come pictures that have the last word as the beginning of one, and then
    those that have some of the words, the rarest first. Where more pictures hold all words than are looked at, which ones
    are is decided by their ids. A text without content words ("the photo") is looked for in names alone. Any text may be
    given; it is no query language. `allowed` are the pictures that a filter leaves, None for all.

    Returns:
        The ids, each once. Empty where no picture has any of the words, and where the index has no full text.
    """
    wanted = words_of_text(text)
    if not wanted.words or limit < 1:
        return []
    return library.text.find(wanted.words, limit, last=wanted.last, names_only=wanted.names_only, allowed=allowed)


def find_wanted(library: Library, query: Query, limit: int, allowed: Allowed | None = None) -> list[int]:
    """Return what `find_by_words` does for what a query wants.

    Where captions use other words, those are looked for first; names and texts in pictures may have the query's own.
    """
    if query.text is None:
        return []
    statement, text = query.statements[0], query.parsed.wanted.text
    has_other_words = statement.is_whole and statement.phrases != noun_phrases(text)
    texts = (statement.text, text) if has_other_words else (text,)
    return list(dict.fromkeys(found for words in texts for found in find_by_words(library, words, limit, allowed)))


def which_are_named(rows: Sequence[ImageRow], text: str) -> list[bool]:
    """Return of each row whether its file's path states all words of the text, each as a whole, and at least one.

    What a kind of file is called ("jpg") names no picture by itself.
    """
    wanted = words_of_text(text).words
    whole = [fold(word) for word in content_words(text) if not word.isascii() and re.search(f"[{UNSPACED}]", word)]
    return [bool(wanted) and _is_named(row.image_path, wanted, whole) for row in rows]


@lru_cache(TEXTS_REMEMBERED)
def words_of_text(text: str) -> TextWords:
    """Return the words to look for; without any where the text has neither letters nor digits."""
    parts = _content_parts(text)
    names_only = not parts
    if names_only:
        parts = _parts(unicodedata.normalize("NFC", text))
    return TextWords(_stems(parts), parts[-1] if parts else "", names_only)


def words_of_caption(caption: str) -> tuple[str, ...]:
    """Return the content words of a caption, each once."""
    return _stems(_content_parts(caption))


def words_of_path(path: str) -> tuple[str, ...]:
    """Return the words of a file's or a folder's name, each once: its parts, and what stands between separators as a whole.

    "2019/IMG_4711.jpg" has "2019", "img", "4711" and "jpg"; "SunsetBoat" has "sunset", "boat" and "sunsetboat".
    """
    name = unicodedata.normalize("NFC", path)
    parts = _parts(_CAPITAL.sub(" ", name))
    wholes = [fold(run) for run in _RUN.findall(name)]
    return _stems([*parts, *wholes])


def _content_parts(text: str) -> list[str]:
    words = content_words(unicodedata.normalize("NFC", text))
    return [part for word in words for part in parts_of_word(word)]


@lru_cache(WORDS_REMEMBERED)
def parts_of_word(word: str) -> tuple[str, ...]:
    """Return the content words that a word between blanks has, folded."""
    return tuple(part for part in _parts(_APOSTROPHES.sub("", word)) if part not in FUNCTION_WORDS)


def _parts(text: str) -> list[str]:
    folded = fold(text)
    return (_ASCII_PART if folded.isascii() else _any_part()).findall(folded)


@cache
def _any_part() -> re.Pattern[str]:
    """Return what a word is: a run of letters, with their marks, or of digits. "holiday2019" is two.

    Where a script puts no blanks between words, each letter is a word: so the same words are in an index and in a query,
    wherever the one or the other would be cut. Compiled for the first text with other letters than ASCII's: 4 ms.
    """
    return re.compile(rf"[{UNSPACED}][{MARKS}]*|\d+|[^\W\d_{UNSPACED}](?:[^\W\d_{UNSPACED}]|[{MARKS}])*")


def _stems(parts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(stem, parts)))


def _is_named(path: str, wanted: Sequence[str], whole: Sequence[str]) -> bool:
    """Return whether a path has all wanted words, and those that are `whole` letter after letter."""
    folded = fold(path)
    if not all(word in folded for word in whole):
        return False
    # most paths have none of the words, but for the y of "sky" in "skies"; others are cut into theirs
    if not all(word.removesuffix("y") in folded for word in wanted):
        return False
    ending = words_of_path(path.rpartition(".")[2])
    return set(wanted) <= set(words_of_path(path)) and not set(wanted) <= set(ending)
