"""The texts of pictures as a catalogue keeps them, by content; `runtime/library/picture_text.py` owns the table's form."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from export.index.text.models import READER
from runtime.library.image_rows import ImageRow
from runtime.library.picture_text import HAS_TABLE, NO_WORDS, PICTURE_TEXT_COLUMNS, PICTURE_TEXT_SCHEMA, read_words

SELECT_KNOWN = "SELECT sha256, words FROM picture_text JOIN images USING (id) WHERE reader = ?"
INSERT = f"INSERT INTO picture_text ({PICTURE_TEXT_COLUMNS}) VALUES (?, ?, ?)"


def read_texts(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what the table says of each content that this program's models have read, by sha256."""
    if not connection.execute(HAS_TABLE).fetchall():
        return {}  # no text was read, or an earlier version wrote it
    return dict(connection.execute(SELECT_KNOWN, (READER,)))


def write_texts(connection: sqlite3.Connection, rows: Iterable[ImageRow], texts: Mapping[str, str]) -> None:
    """Write the table of these rows, where there is any text."""
    if texts:
        connection.execute(PICTURE_TEXT_SCHEMA)
        connection.executemany(INSERT, ((row.id, READER, texts[row.sha256]) for row in rows if row.sha256 in texts))


def said_in(texts: Mapping[str, str], sha256: str) -> Iterator[str]:
    """Yield the words of a content, as they stand in the picture."""
    for word in read_words(texts.get(sha256, NO_WORDS)):
        yield word.text
