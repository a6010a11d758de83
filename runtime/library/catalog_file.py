"""CatalogFile: one open catalogue, and every fault of its file as one of our errors. Knows no table but that it has some.

`catalog.py` owns the form of the rows, `text_index.py` and `caption_words.py` that of their tables.
"""

import json
import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runtime.errors import ArtefactCorrupt, ArtefactMissing

CATALOG_FORMAT = 1  # SQLite's user_version of the file
REMEDY = "Build the index again: lookwhy index FOLDER."
FAULTS = (sqlite3.DatabaseError, UnicodeDecodeError)  # the second where SQLite's own message quotes damaged text
# Columns that an older catalogue lacks, and what stands for them when it is read.
LACKED = {"caption_source": "'index'", "other_captions": "NULL", "made_caption": "NULL"}


class CatalogFile:
    """An opened catalogue. Any thread may ask, also when the file's folder is gone; it closes with its last user."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises as `open_catalog` does."""
        self.path, self.connection = path, open_catalog(path)
        weakref.finalize(self, self.connection.close)  # from 3.13 on, Python warns of one left open
        self._lock = threading.Lock()  # one shared connection: a look-up takes microseconds, words a few milliseconds

    def fetch(self, query: str, *arguments: str | int) -> list[Any]:
        """Return all rows that a query gives.

        Raises:
            ArtefactCorrupt: the file is damaged.
        """
        with self._lock:
            try:
                return self.connection.execute(query, arguments).fetchall()
            except FAULTS as cause:
                raise self.damage(str(cause)) from cause

    def columns(self, wanted: str) -> str:
        """Return these columns of the pictures as a query names them; raises as `fetch`."""
        try:
            return selected_columns(self.connection, wanted)
        except FAULTS as cause:
            raise self.damage(str(cause)) from cause

    def damage(self, reason: str) -> ArtefactCorrupt:
        """Return the error for a file that does not hold what it should."""
        return ArtefactCorrupt(self.path, f"it is damaged ({reason})", REMEDY)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self.connection.close()


def open_catalog(catalog: Path) -> sqlite3.Connection:
    """Return a read-only connection that any thread may use, one at a time.

    Raises:
        ArtefactMissing: there is no such file.
        ArtefactCorrupt: it is no catalogue of this form.
    """
    if not catalog.is_file():
        raise ArtefactMissing(catalog, REMEDY)
    # immutable: generations are never written again, so SQLite needs no lock and no journal beside the file
    uri = f"file:{quote(os.fsencode(catalog.absolute()))}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    except FAULTS as cause:  # it went away, or may not be read
        raise ArtefactCorrupt(catalog, f"it cannot be opened ({cause})", REMEDY) from cause
    try:
        [(given,)] = connection.execute("PRAGMA user_version").fetchall()
        connection.execute("SELECT 1 FROM images, skipped, counters LIMIT 1").fetchall()
    except FAULTS as cause:
        connection.close()
        raise ArtefactCorrupt(catalog, f"it is no catalogue ({cause})", REMEDY) from cause
    if given != CATALOG_FORMAT:
        connection.close()
        raise ArtefactCorrupt(catalog, f"its form is {given}, this program reads {CATALOG_FORMAT}", REMEDY)
    return connection


def selected_columns(connection: sqlite3.Connection, columns: str) -> str:
    """Return these columns of the table `images` as a query names them; one that is not there is what stands for it."""
    there = {name for _, name, *_ in connection.execute("PRAGMA table_info(images)")}
    return ", ".join(name if name in there else LACKED.get(name, name) for name in columns.split(", "))


def write_captions(captions: tuple[str, ...]) -> str | None:
    """Return what the column `other_captions` holds of these: a JSON list, or NULL for none."""
    return json.dumps(captions, ensure_ascii=False) if captions else None


def read_captions(column: str | None) -> tuple[str, ...]:
    """Return the captions in the column `other_captions`.

    Raises:
        ValueError: it is no JSON list of texts.
    """
    if not column:
        return ()
    captions = json.loads(column)
    if not isinstance(captions, list) or not all(isinstance(caption, str) for caption in captions):
        raise ValueError("no list of texts")
    return tuple(captions)
