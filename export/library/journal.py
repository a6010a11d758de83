"""What a build has already paid for: each picture content's vector, size and caption, or why it has none; captions' vectors.

The journal is what makes a killed build resumable. Every batch is one transaction, so a kill loses at most the batch in
hand; it is deleted once the generation that it led to is in place. It holds no ids and no paths: those are given when a
generation is composed, so that a resumed build cannot differ from an uninterrupted one.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

JOURNAL_NAME = "building.sqlite"
JOURNAL_SCHEMA = """
    CREATE TABLE IF NOT EXISTS made_with (fingerprint TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS encoded (
        sha256 TEXT PRIMARY KEY, width INTEGER NOT NULL, height INTEGER NOT NULL, caption TEXT, vector BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS captions (caption TEXT PRIMARY KEY, vector BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS failed (sha256 TEXT PRIMARY KEY, reason TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of a picture's content but its vector. `width` and `height` are in pixels, upright."""

    sha256: str
    width: int
    height: int
    caption: str | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A content and its vector, (d,) float32 of L2 norm 1."""

    content: Content
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Failed:
    """A content that cannot be decoded, whichever file holds it."""

    sha256: str
    reason: str


class Journal:
    """One build's finished work, in a SQLite file beside the generations; the file is made when the first work is."""

    def __init__(self, folder: Path, models: Mapping[str, str]) -> None:
        """Open the journal that a killed build left in `folder`, if any; one that other models made is begun anew.

        Raises:
            sqlite3.OperationalError: the disk is full, or the folder cannot be written.
        """
        self._path = folder / JOURNAL_NAME
        self._fingerprint = hashlib.sha256(json.dumps(dict(models), sort_keys=True).encode()).hexdigest()
        self._connection: sqlite3.Connection | None = None
        if self._path.exists():
            self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(self, batch: Iterable[Encoded | Failed]) -> None:
        """Keep a batch's outcomes; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        self._connection = self._connection or self._open()
        with self._connection as connection:  # one transaction
            for outcome in batch:
                if isinstance(outcome, Failed):
                    connection.execute("REPLACE INTO failed VALUES (?, ?)", (outcome.sha256, outcome.reason))
                else:
                    connection.execute("REPLACE INTO encoded VALUES (?, ?, ?, ?, ?)", _columns(outcome))

    def record_captions(self, batch: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Keep captions and their vectors, each (d,) float32; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        self._connection = self._connection or self._open()
        with self._connection as connection:  # one transaction
            rows = ((caption, vector.astype("<f4").tobytes()) for caption, vector in batch)
            connection.executemany("REPLACE INTO captions VALUES (?, ?)", rows)

    def captions(self) -> set[str]:
        """Return every caption that has its vector."""
        return {caption for (caption,) in self._select("SELECT caption FROM captions")}

    def caption_vectors(self, captions: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors, each (d,) float32, of those of these captions that are here."""
        query = "SELECT caption, vector FROM captions WHERE caption IN (SELECT value FROM json_each(?))"
        rows = self._select(query, json.dumps(list(captions)))
        return {caption: np.frombuffer(vector, dtype="<f4") for caption, vector in rows}

    def contents(self) -> dict[str, Content]:
        """Return every content that has its vector, by sha256."""
        rows = self._select("SELECT sha256, width, height, caption FROM encoded")
        return {row[0]: Content(*row) for row in rows}

    def failures(self) -> dict[str, str]:
        """Return the reason of every content that cannot be decoded, by sha256."""
        return dict(self._select("SELECT sha256, reason FROM failed"))

    def vectors_of(self, contents: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors, each (d,) float32, of those of these contents that are here, by sha256."""
        query = "SELECT sha256, vector FROM encoded WHERE sha256 IN (SELECT value FROM json_each(?))"
        rows = self._select(query, json.dumps(list(contents)))
        return {sha256: np.frombuffer(vector, dtype="<f4") for sha256, vector in rows}

    def close(self) -> None:
        """Let go of the file; what is recorded stays."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def delete(self) -> None:
        """Remove the file; its work stands in a generation now.

        Raises:
            OSError: the folder cannot be written.
        """
        self.close()
        for suffix in ("", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _select(self, query: str, *arguments: str) -> list[Any]:
        return self._connection.execute(query, arguments).fetchall() if self._connection else []

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path, self._fingerprint)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged by a power cut, or not a journal at all: its work is done again
            self.delete()
            return _connect(self._path, self._fingerprint)


def _connect(path: Path, fingerprint: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("damaged")
        connection.executescript(JOURNAL_SCHEMA)
        with connection:
            if connection.execute("SELECT fingerprint FROM made_with").fetchall() != [(fingerprint,)]:
                connection.executescript(
                    "DELETE FROM made_with; DELETE FROM encoded; DELETE FROM captions; DELETE FROM failed;"
                )
                connection.execute("INSERT INTO made_with VALUES (?)", (fingerprint,))
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _columns(outcome: Encoded) -> tuple[str, int, int, str | None, bytes]:
    content = outcome.content
    return content.sha256, content.width, content.height, content.caption, outcome.vector.astype("<f4").tobytes()
