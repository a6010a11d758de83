"""What a build has made so far: each picture content's vector and size, or why it has none; captions, their vectors; text.

The journal is what makes a killed build resumable. What is recorded in one call is one transaction, so a kill loses at most
the pictures in hand; it is deleted once all its work is in a generation. It holds no ids and no paths: those are given
when a generation is written, so that a resumed build cannot differ from an uninterrupted one.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from export.index.pipeline import EmbeddedImage
from runtime.artefacts.fingerprint import Fingerprint, Part, part_fingerprint, without_preprocessing

JOURNAL_NAME = "building.sqlite"
JOURNAL_SCHEMA = """
    CREATE TABLE IF NOT EXISTS made_by (part TEXT PRIMARY KEY, fingerprint TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS embedded (
        sha256 TEXT PRIMARY KEY, width INTEGER NOT NULL, height INTEGER NOT NULL, vector BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS captioned (sha256 TEXT PRIMARY KEY, caption TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS captions (caption TEXT PRIMARY KEY, vector BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS failed (sha256 TEXT PRIMARY KEY, reason TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS texts (reader TEXT, sha256 TEXT, words TEXT NOT NULL, PRIMARY KEY (reader, sha256));
"""
MADE_OF: dict[Part, tuple[str, ...]] = {  # which tables hold what a part of the models made
    "pictures": ("embedded", "failed"),
    "captions": ("captioned",),
    "texts": ("captions",),
}


class Journal:
    """One build's finished work, in a SQLite file beside the generations; the file is made when the first work is."""

    def __init__(self, folder: Path, models: Fingerprint) -> None:
        """Open the journal that a killed build left in `folder`, if any; what other models made in it is removed.

        Raises:
            sqlite3.OperationalError: the disk is full, or the folder cannot be written.
        """
        self._path = folder / JOURNAL_NAME
        self._models = models
        self._connection: sqlite3.Connection | None = None
        if self._path.exists():
            self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record_images(self, embedded: Mapping[str, EmbeddedImage], failures: Mapping[str, str]) -> None:
        """Keep contents' vectors and sizes, and why others cannot be decoded; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        vectors = ((key, one.width, one.height, one.vector.astype("<f4").tobytes()) for key, one in embedded.items())
        with self._transaction() as connection:
            connection.executemany("REPLACE INTO embedded VALUES (?, ?, ?, ?)", vectors)
            connection.executemany("REPLACE INTO failed VALUES (?, ?)", failures.items())

    def record_captions(self, captions: Mapping[str, str]) -> None:
        """Keep contents' captions, by sha256; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        with self._transaction() as connection:
            connection.executemany("REPLACE INTO captioned VALUES (?, ?)", captions.items())

    def record_caption_vectors(self, batch: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Keep captions' vectors, each (d,) float32, by the caption; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        rows = ((caption, vector.astype("<f4").tobytes()) for caption, vector in batch)
        with self._transaction() as connection:
            connection.executemany("REPLACE INTO captions VALUES (?, ?)", rows)

    def record_texts(self, reader: str, texts: Mapping[str, str]) -> None:
        """Keep the words that a reader found in contents, by sha256; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        with self._transaction() as connection:
            rows = ((reader, sha256, words) for sha256, words in texts.items())
            connection.executemany("REPLACE INTO texts VALUES (?, ?, ?)", rows)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return width and height in pixels of every content that has its vector here, by sha256."""
        rows = self._select("SELECT sha256, width, height FROM embedded")
        return {sha256: (width, height) for sha256, width, height in rows}

    def captions(self) -> dict[str, str]:
        """Return the caption of every content that got one, by sha256."""
        return dict(self._select("SELECT sha256, caption FROM captioned"))

    def failures(self) -> dict[str, str]:
        """Return the reason of every content that cannot be decoded, by sha256."""
        return dict(self._select("SELECT sha256, reason FROM failed"))

    def texts(self, reader: str) -> dict[str, str]:
        """Return the words of every content that this reader has read, by sha256."""
        return dict(self._select("SELECT sha256, words FROM texts WHERE reader = ?", reader))

    def vectors_of(self, contents: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors, each (d,) float32, of those of these contents that are here, by sha256."""
        query = "SELECT sha256, vector FROM embedded WHERE sha256 IN (SELECT value FROM json_each(?))"
        rows = self._select(query, json.dumps(list(contents)))
        return {sha256: np.frombuffer(vector, dtype="<f4") for sha256, vector in rows}

    def embedded_captions(self) -> set[str]:
        """Return every caption that has its vector here."""
        return {caption for (caption,) in self._select("SELECT caption FROM captions")}

    def caption_vectors(self, captions: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors, each (d,) float32, of those of these captions that are here."""
        query = "SELECT caption, vector FROM captions WHERE caption IN (SELECT value FROM json_each(?))"
        rows = self._select(query, json.dumps(list(captions)))
        return {caption: np.frombuffer(vector, dtype="<f4") for caption, vector in rows}

    def close(self) -> None:
        """Let go of the file; what is recorded stays."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def delete(self) -> None:
        """Remove the file; its work is in a generation by now.

        Raises:
            OSError: the folder cannot be written.
        """
        self.close()
        for suffix in ("", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _transaction(self) -> sqlite3.Connection:
        """Return the open file, which as a context manager is one transaction."""
        self._connection = self._connection or self._open()
        return self._connection

    def _select(self, query: str, *arguments: str) -> list[Any]:
        return self._connection.execute(query, arguments).fetchall() if self._connection else []

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path, self._models)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged by a power cut, or not a journal at all: its work is done again
            self.delete()
            return _connect(self._path, self._models)


def _connect(path: Path, models: Fingerprint) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("damaged")
        connection.executescript(JOURNAL_SCHEMA)
        with connection:
            made_by = {part: part_fingerprint(part, models) for part in MADE_OF}
            left = made_by if _is_older(connection, models) else dict(connection.execute("SELECT * FROM made_by"))
            for part, tables in MADE_OF.items():
                if left.get(part) != made_by[part]:
                    for table in tables:
                        connection.execute(f"DELETE FROM {table}")
            connection.executemany("REPLACE INTO made_by VALUES (?, ?)", made_by.items())
            connection.execute("DROP TABLE IF EXISTS made_with")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _is_older(connection: sqlite3.Connection, models: Fingerprint) -> bool:
    """Return whether a version that had one fingerprint for all parts wrote the journal last, with these very models."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'made_with'").fetchall():
        return False
    connection.execute("DELETE FROM made_by")
    whole = hashlib.sha256(json.dumps(without_preprocessing(models), sort_keys=True).encode()).hexdigest()
    return connection.execute("SELECT fingerprint FROM made_with").fetchall() == [(whole,)]
