"""The words that a library's captions use, in its catalogue, and which of them means the same as another word.

Owns the table's form and reads it; `export/index/caption_words.py` fills it.
"""

import json
import sqlite3
import threading
from collections.abc import Collection
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

# rarity is log(1 + captions / captions with the word). vector is the text tower's of the word alone, d 16-bit floats, of
# norm 1; the less frequent words have none.
CAPTION_WORDS_SCHEMA = """
    CREATE TABLE caption_words (word TEXT PRIMARY KEY, rarity REAL NOT NULL, vector BLOB) WITHOUT ROWID;
"""
RARITY = "SELECT word, rarity FROM caption_words WHERE word IN (SELECT value FROM json_each(?))"


class CaptionWords:
    """The words of one open catalogue. Any thread may ask; the connection is used under the given lock."""

    def __init__(self, connection: sqlite3.Connection, lock: threading.Lock) -> None:
        """Keep the collaborators; a catalogue from before there was the table has no words."""
        self._connection, self._lock = connection, lock
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'caption_words'").fetchall()
        self._is_there = bool(found)

    def rarity(self, stems: Collection[str]) -> dict[str, float] | None:
        """Return how rare those of the stems are that captions use, above 0; None where that is not known."""
        if not self._is_there:
            return None
        with self._lock:
            return dict(self._connection.execute(RARITY, (json.dumps(list(stems)),)).fetchall())

    def nearest(self, vector: NDArray[np.float32]) -> tuple[str, float] | None:
        """Return the frequent word whose vector is nearest to a given one, (d,) of norm 1, and their cosine."""
        words, vectors = self._vectors
        if not words:
            return None
        cosines = vectors @ vector
        best = int(cosines.argmax())
        return words[best], float(cosines[best])

    @cached_property
    def _vectors(self) -> tuple[list[str], NDArray[np.float32]]:
        """The words that have a vector, and their vectors, (w, d); read when they are first needed, at most 1 MB."""
        if not self._is_there:
            return [], np.zeros((0, 0), dtype=np.float32)
        with self._lock:
            found = self._connection.execute(
                "SELECT word, vector FROM caption_words WHERE vector IS NOT NULL ORDER BY word"
            ).fetchall()
        vectors = [np.frombuffer(blob, dtype="<f2").astype(np.float32) for _, blob in found]
        return [word for word, _ in found], np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)
