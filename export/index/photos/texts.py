"""Texts of others, made fit for the catalogue: no control characters, no half surrogate pairs, bounded in length."""

import unicodedata
from collections.abc import Iterable
from itertools import islice

TEXT_MAX, TEXTS_MAX = 100, 100
LOOKED_AT = 1000  # of a list that may be without end
CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode's categories of what is not seen, or is no text


def clean(text: str) -> str:
    """Return a text on one line, at most `TEXT_MAX` characters; empty where nothing of it can be seen."""
    short = text[: 4 * TEXT_MAX]
    if not short.isprintable():
        short = "".join(" " if unicodedata.category(char) in CONTROLS else char for char in short)
    return " ".join(short.split())[:TEXT_MAX].strip()


def clean_all(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts, each once, the empty ones left out, at most `TEXTS_MAX`."""
    return tuple(dict.fromkeys(filter(None, map(clean, islice(texts, LOOKED_AT)))))[:TEXTS_MAX]


def decoded(written: bytes) -> str:
    """Return a text of unknown encoding: UTF-8 where it is that, else Windows-1252, in which all else was written."""
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        return written.decode("cp1252", "replace")
