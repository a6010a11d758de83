"""What pictures are compared by for copies: their greys and perceptual hashes, kept by content beside the generations.

Owns the file's form. It is not part of the served index: a server needs only what was found, which is in the catalogue. The
file may go at any time; the next builds make it again. No model has a part in it.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.images.phash import GREY_EDGE, HASH_BITS, perceptual_hash

FILE_NAME = "signatures.sqlite"
FILE_FORMAT = 1  # SQLite's user_version
# Two tables: whoever groups a library reads all hashes, and the greys of few pictures, a hundred times as long.
SCHEMA = f"""
    PRAGMA user_version = {FILE_FORMAT};
    CREATE TABLE IF NOT EXISTS hashes (sha256 TEXT PRIMARY KEY, hash BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS greys (sha256 TEXT PRIMARY KEY, greys BLOB NOT NULL);
"""
HASH_BYTES, GREYS_BYTES = HASH_BITS // 8, GREY_EDGE**2


class Signatures:
    """The signatures of one index. For one thread, and one build at a time; the file is made when the first is kept."""

    def __init__(self, index_dir: Path) -> None:
        """Read which contents are known; a file that is damaged or of another form counts as empty."""
        self._path = index_dir / FILE_NAME
        self._connection: sqlite3.Connection | None = None
        self._hashes: dict[str, bytes] = {}
        try:
            if self._path.is_file():
                self._hashes = _read_hashes(self._opened())
        except (sqlite3.Error, UnicodeDecodeError, ValueError):
            self.close()
            self._is_damaged = True
        else:
            self._is_damaged = False

    def __contains__(self, sha256: object) -> bool:
        """Return whether a content has a signature."""
        return sha256 in self._hashes

    def keep(self, greys: Mapping[str, bytes]) -> None:
        """Keep the greys of contents, as `shrink_to_greys` returns them; once this returns, a kill cannot lose them.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        if not greys:
            return
        if self._is_damaged:
            self._path.unlink(missing_ok=True)
            self._is_damaged = False
        hashes = {sha256: perceptual_hash(one) for sha256, one in greys.items()}
        connection = self._opened()
        if not self._hashes:
            connection.executescript(SCHEMA)
        with connection:
            connection.executemany("REPLACE INTO hashes VALUES (?, ?)", hashes.items())
            connection.executemany("REPLACE INTO greys VALUES (?, ?)", greys.items())
        self._hashes |= hashes

    def hashes_of(self, contents: Sequence[str]) -> NDArray[np.uint64]:
        """Return the hashes, (n,), of contents that have one."""
        joined = b"".join(self._hashes[sha256] for sha256 in contents)
        return np.frombuffer(joined, np.uint64)

    def greys_of(self, contents: Sequence[str]) -> NDArray[np.uint8]:
        """Return the greys, (n, GREY_EDGE ** 2), of contents that have a signature; zeros where the file has lost them."""
        query = "SELECT sha256, greys FROM greys WHERE sha256 IN (SELECT value FROM json_each(?))"
        try:
            found = dict(self._opened().execute(query, (json.dumps(list(contents)),)))
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            found = {}
            self.close()
            self._path.unlink(missing_ok=True)  # the next build makes it again
        lost = bytes(GREYS_BYTES)
        whole = [one if isinstance(one, bytes) and len(one) == GREYS_BYTES else lost for one in map(found.get, contents)]
        return np.frombuffer(b"".join(whole), np.uint8).reshape(-1, GREYS_BYTES)

    def forget_others(self, contents: Iterable[str]) -> None:
        """Forget the contents that are not among these, once they are the larger part.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        others = self._hashes.keys() - set(contents)
        if 2 * len(others) <= len(self._hashes):
            return
        with self._opened() as connection:
            for table in ("hashes", "greys"):
                connection.executemany(f"DELETE FROM {table} WHERE sha256 = ?", ((one,) for one in others))
        self._hashes = {sha256: one for sha256, one in self._hashes.items() if sha256 not in others}

    def close(self) -> None:
        """Let go of the file; what is kept stays."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path)
            self._connection.execute("PRAGMA synchronous = OFF")  # a kill loses nothing; what a power cut does is made again
        return self._connection


def _read_hashes(connection: sqlite3.Connection) -> dict[str, bytes]:
    """Return all hashes; raises ValueError where the file has another form."""
    if connection.execute("PRAGMA user_version").fetchall() != [(FILE_FORMAT,)]:
        raise ValueError("another form")
    found: dict[str, bytes] = dict(connection.execute("SELECT sha256, hash FROM hashes"))
    if not all(isinstance(one, bytes) and len(one) == HASH_BYTES for one in found.values()):
        raise ValueError("no hashes")
    return found
