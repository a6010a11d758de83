"""Text that stands in pictures: its words as the full text has them, and what of it a query names."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from runtime.library.picture_text import PictureWord
from runtime.search.text_search import parts_of_word
from runtime.search.words import stem

WORDS_REMEMBERED = 16_384
# A query's words that stand farther apart, as on a page of print, say something else. Chosen, not measured.
WORDS_BETWEEN_MAX = 8
WORDS_NAMED_MAX = 50  # of one picture, to be marked


@dataclass(frozen=True, slots=True)
class Writing:
    """What of a picture's text a query names.

    `words` are those that it names, in reading order. `is_whole`: all words of the query stand near each other; then
    `quote` is what the picture says there, from the first to the last of them.
    """

    words: tuple[PictureWord, ...] = ()
    is_whole: bool = False
    quote: str = ""


NO_WRITING = Writing()


def words_of_writing(words: Iterable[str]) -> tuple[str, ...]:
    """Return the content words of a picture's text, stemmed, each once."""
    return tuple(dict.fromkeys(one for word in words for one in stems_of_word(word)))


@lru_cache(WORDS_REMEMBERED)
def stems_of_word(word: str) -> tuple[str, ...]:
    """Return the stems of what a word as it stands in a picture has: "Gleis-4" has "gleis" and "4"."""
    return tuple(map(stem, parts_of_word(unicodedata.normalize("NFC", word))))


def find_writing(words: Sequence[PictureWord], wanted: Sequence[str]) -> Writing:
    """Return what of a picture's text a query names.

    Args:
        words: the picture's, in reading order.
        wanted: the query's content words, stemmed, each once.
    """
    named = [(at, one) for at, word in enumerate(words) for one in stems_of_word(word.text) if one in wanted]
    places = list(dict.fromkeys(at for at, _ in named))
    shown = tuple(words[at] for at in places[:WORDS_NAMED_MAX])
    span = _shortest_span(named, len(wanted))
    if span is None or span[1] - span[0] >= len(wanted) + WORDS_BETWEEN_MAX:
        return Writing(shown)
    return Writing(shown, is_whole=True, quote=" ".join(word.text for word in words[span[0] : span[1] + 1]))


def _shortest_span(named: Sequence[tuple[int, str]], count: int) -> tuple[int, int] | None:
    """Return first and last place of the shortest part with all of `count` stems, the first of several; None if none has."""
    best: tuple[int, int] | None = None
    last_at: dict[str, int] = {}
    for at, one in named:
        last_at[one] = at
        first = min(last_at.values())
        if len(last_at) == count and (best is None or at - first < best[1] - best[0]):
            best = (first, at)
    return best
