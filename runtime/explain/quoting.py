"""Texts of others in our sentences: in quotation marks, on one line, and cut where they are long."""

from collections.abc import Sequence

from runtime.search.picture_text_matches import Writing

MAX_WORDS_NAMED = 5
MAX_WORD_CHARS, MAX_TEXT_CHARS = 40, 100


def quote_text(text: str) -> str:
    """Return “the text”, without its full stop, and cut where it is long."""
    line = " ".join(text.split()).rstrip(" .")
    return f"“{line if len(line) <= MAX_TEXT_CHARS else line[:MAX_TEXT_CHARS].rstrip() + '…'}”"


def quote_words(words: Sequence[str], conjunction: str) -> str:
    """Return “a”, “b” and “c”; past the limit, how many more there are."""
    named = words if len(words) <= MAX_WORDS_NAMED else words[: MAX_WORDS_NAMED - 1]
    parts = [f"“{word[:MAX_WORD_CHARS]}”" for word in named]
    if len(named) < len(words):
        parts.append(f"{len(words) - len(named)} more")
    *first, last = parts or [""]
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def quote_picture(writing: Writing) -> str:
    """Return the sentence about a picture's own text; empty where the query names none of it."""
    if writing.is_whole:
        return f"The picture says {quote_text(writing.quote)}."
    words = list(dict.fromkeys(word.text for word in writing.words))
    return f"The picture says {quote_words(words, 'and')}." if words else ""
