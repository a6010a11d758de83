"""Captions that were made while searching, kept in an SQLite file beside the index's generations.

Owns the file's form. A caption is kept under the sha256 of its picture and the fingerprint of the captioner that made it, so
it is right whatever becomes of the index. The file may go at any time: that costs time, never a search.
"""

import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from runtime.artefacts.fingerprint import captioner_fingerprints

log = logging.getLogger(__name__)

FILE_NAME = "live_captions.sqlite"
FILE_FORMAT = 1  # SQLite's user_version
SCHEMA = """
    CREATE TABLE IF NOT EXISTS captions (
        captioner TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        caption TEXT NOT NULL,
        PRIMARY KEY (captioner, sha256)
    ) WITHOUT ROWID
"""
# Another process holds the file for milliseconds, or longer where the disk is slow. Whoever waits longer than this does
# without it from then on, so a search waits once at most.
READ_TIMEOUT_S, WRITE_TIMEOUT_S = 0.5, 5.0


class CaptionFile:
    """The kept captions of one captioner. Any thread and any process may read and write at once.

    Nothing is opened before it is needed, and no connection is held. The first failure, whether the folder is read-only or
    the file damaged or locked, is logged, and from then on this process does without what failed.
    """

    def __init__(self, index_dir: Path, models: Mapping[str, str]) -> None:
        """Keep where the file is, or will be, and which captioner is meant: that of the models with this fingerprint."""
        self._path, (self._captioner, self._older_captioner) = index_dir / FILE_NAME, captioner_fingerprints(models)
        self._readable = self._writable = True

    def read(self, contents: Sequence[str]) -> dict[str, str]:
        """Return the captions of these pictures, by sha256; those that are not kept are absent."""
        return self._select("AND sha256 IN (SELECT value FROM json_each(?))", json.dumps(list(contents)))

    def read_all(self) -> dict[str, str]:
        """Return every caption of this captioner, by the sha256 of its picture."""
        return self._select()

    def write(self, sha256: str, caption: str) -> None:
        """Keep the caption of a picture. It is on the disk when this returns, or the failure is logged."""
        if not self._writable:
            return
        try:
            with self._connected("rwc", WRITE_TIMEOUT_S) as connection:
                connection.execute("BEGIN IMMEDIATE")  # two processes may be the first at once
                _check_format(connection)
                connection.execute(SCHEMA)
                connection.execute(f"PRAGMA user_version = {FILE_FORMAT}")
                row = (self._captioner, sha256, caption)
                connection.execute("INSERT OR REPLACE INTO captions VALUES (?, ?, ?)", row)
                connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError) as cause:
            self._writable = False
            log.warning("live captions are not kept: %s cannot be written (%s)", self._path, cause)

    def _select(self, condition: str = "", *arguments: str) -> dict[str, str]:
        """Return captions by the sha256 of their pictures; of two, the one under the captioner's own fingerprint."""
        query = f"SELECT sha256, caption FROM captions WHERE captioner = ? {condition}"
        if not self._readable or not self._path.is_file():
            return {}
        try:
            # not "ro": what a killed writer left halfway must be undone before anything is read
            with self._connected("rw", READ_TIMEOUT_S) as connection:
                _check_format(connection)
                older, own = (
                    dict(connection.execute(query, (captioner, *arguments)).fetchall())
                    for captioner in (self._older_captioner, self._captioner)
                )
                return older | own
        except (sqlite3.Error, UnicodeDecodeError) as cause:
            self._readable = self._writable = False
            log.warning("live captions are not kept: %s cannot be read (%s)", self._path, cause)
            return {}

    @contextmanager
    def _connected(self, mode: str, timeout_s: float) -> Iterator[sqlite3.Connection]:
        uri = f"file:{quote(os.fsencode(self._path.absolute()))}?mode={mode}"
        # isolation_level: transactions begin and end where this file says so
        with closing(sqlite3.connect(uri, uri=True, timeout=timeout_s, isolation_level=None)) as connection:
            yield connection


def _check_format(connection: sqlite3.Connection) -> None:
    [(given,)] = connection.execute("PRAGMA user_version").fetchall()
    if given not in {0, FILE_FORMAT}:  # 0: the file is new
        raise sqlite3.DatabaseError(f"its form is {given}, this program reads {FILE_FORMAT}")
