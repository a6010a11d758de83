"""A checksum of every vector and every row of a generation, kept beside them: which of them a damaged file still holds.

Owns the file's form: a NumPy array, (n, 4) int64: id, CRC-32 of the picture's vector as stored, CRC-32 of the caption's or
-1 where there is none, CRC-32 of the catalogue's row. A generation from before there were sums has no such file.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from export.index.catalog import IndexedImage
from runtime.stores.protocols import VectorSource
from runtime.stores.vector_file import VectorBatch, VectorFile

SUMS_NAME = "vector_sums.npy"
CHECKED_AT_ONCE = 4096
NO_CAPTION = -1
Kind = Literal["picture", "caption"]
COLUMNS: dict[Kind, int] = {"picture": 1, "caption": 2}
ROW_COLUMN = 3
Sums = NDArray[np.int64]  # (n, 2): id, sum


class RowSums:
    """The sums of one generation. `halved` says that its stores keep 16-bit floats."""

    def __init__(self, *, halved: bool) -> None:
        """Begin with none."""
        self._dtype = "<f2" if halved else "<f4"
        self._sums: dict[Kind, list[Sums]] = {"picture": [], "caption": []}
        self._row_sums: dict[int, int] = {}

    def noting(self, kind: Kind, batches: Iterable[VectorBatch]) -> Iterator[VectorBatch]:
        """Yield batches as they come, the sums of their vectors noted."""
        for ids, vectors in batches:
            noted = np.array([*zip(ids, self._sums_of(vectors), strict=True)], np.int64)
            self._sums[kind].append(noted.reshape(-1, 2))
            yield ids, vectors

    def write(self, folder: Path, rows: Iterable[IndexedImage]) -> None:
        """Write the file, with the sums of these rows besides.

        Raises:
            OSError: it cannot be written.
        """
        pictures, captions = self._of("picture"), self._of("caption")
        table = np.full((len(pictures), 4), NO_CAPTION, np.int64)
        table[:, :2] = pictures[np.argsort(pictures[:, 0])]
        table[np.searchsorted(table[:, 0], captions[:, 0]), 2] = captions[:, 1]
        for row in rows:
            table[np.searchsorted(table[:, 0], row.id), ROW_COLUMN] = _sum_of(row)
        with (folder / SUMS_NAME).open("wb") as file:
            np.save(file, table)

    @classmethod
    def read(cls, folder: Path, *, halved: bool) -> Self:
        """Return the sums of a generation; of one that has no such file, or a damaged one, there are none."""
        sums = cls(halved=halved)
        try:
            table = np.load(folder / SUMS_NAME, allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError, MemoryError):  # what NumPy raises on damaged files
            return sums
        if table.dtype == np.int64 and table.shape[1:] == (4,):
            for kind, column in COLUMNS.items():
                sums._sums[kind].append(table[:, [0, column]])
            sums._row_sums = dict(table[:, [0, ROW_COLUMN]].tolist())
        return sums

    def is_sound(self, row: IndexedImage) -> bool:
        """Return whether a row is as it was written; where there are no sums, nothing speaks against it."""
        return not self._row_sums or self._row_sums.get(row.id) == _sum_of(row)

    def sound_ids(self, kind: Kind, store: VectorSource | None, ids: Sequence[int]) -> set[int]:
        """Return those of these ids whose vectors a store holds as they were written."""
        known = dict(self._of(kind).tolist())
        return {
            one
            for at, vectors in _vectors(store, ids)
            for one, found in zip(at, self._sums_of(vectors), strict=True)
            if known.get(one) == found
        }

    def _of(self, kind: Kind) -> Sums:
        return np.concatenate([np.empty((0, 2), np.int64), *self._sums[kind]])

    def _sums_of(self, vectors: NDArray[np.float32]) -> list[int]:
        """Return the sum of each of (n, d) vectors."""
        return [zlib.crc32(row) for row in np.ascontiguousarray(vectors, self._dtype)]


def _sum_of(row: IndexedImage) -> int:
    """Return the sum of a row, but for the file's time, which says nothing about the picture."""
    return zlib.crc32(json.dumps(astuple(replace(row, mtime_ns=0))).encode())


def held_ids(store: VectorSource | None, ids: Sequence[int]) -> set[int]:
    """Return those of these ids that a store has, whatever their vectors."""
    if isinstance(store, VectorFile):  # whose ids can be read without the vectors
        return set(ids) & set(store.ids.tolist())
    return {one for at, _ in _vectors(store, ids) for one in at}


def _vectors(store: VectorSource | None, ids: Sequence[int]) -> Iterator[VectorBatch]:
    """Yield the ids that a store has, with their vectors; where one of many is lacking, one by one."""
    if store is None:
        return
    for start in range(0, len(ids), CHECKED_AT_ONCE):
        batch = ids[start : start + CHECKED_AT_ONCE]
        try:
            yield batch, store.vectors_of(batch)
        except KeyError:
            if len(batch) > 1:
                middle = len(batch) // 2
                yield from _vectors(store, batch[:middle])
                yield from _vectors(store, batch[middle:])
