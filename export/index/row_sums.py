"""A checksum of every vector of a generation, kept beside its stores: which of them a damaged file still holds.

Owns the file's form: a NumPy array, (n, 3) int64: id, CRC-32 of the picture's vector as stored, CRC-32 of the caption's
or -1 where there is none. A generation from before there were sums has no such file.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from runtime.stores.protocols import VectorSource
from runtime.stores.vector_file import VectorBatch, VectorFile

SUMS_NAME = "vector_sums.npy"
CHECKED_AT_ONCE = 4096
NO_CAPTION = -1
Kind = Literal["picture", "caption"]
COLUMNS: dict[Kind, int] = {"picture": 1, "caption": 2}
Sums = NDArray[np.int64]  # (n, 2): id, sum


class RowSums:
    """The sums of one generation. `halved` says that its stores keep 16-bit floats."""

    def __init__(self, *, halved: bool) -> None:
        """Begin with none."""
        self._dtype = "<f2" if halved else "<f4"
        self._sums: dict[Kind, list[Sums]] = {"picture": [], "caption": []}

    def noting(self, kind: Kind, batches: Iterable[VectorBatch]) -> Iterator[VectorBatch]:
        """Yield batches as they come, the sums of their vectors noted."""
        for ids, vectors in batches:
            noted = np.array([(one, self._sum(vector)) for one, vector in zip(ids, vectors, strict=True)], np.int64)
            self._sums[kind].append(noted.reshape(-1, 2))
            yield ids, vectors

    def write(self, folder: Path) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        pictures, captions = self._of("picture"), self._of("caption")
        rows = np.full((len(pictures), 3), NO_CAPTION, np.int64)
        rows[:, :2] = pictures[np.argsort(pictures[:, 0])]
        rows[np.searchsorted(rows[:, 0], captions[:, 0]), 2] = captions[:, 1]
        with (folder / SUMS_NAME).open("wb") as file:
            np.save(file, rows)

    @classmethod
    def read(cls, folder: Path, *, halved: bool) -> Self:
        """Return the sums of a generation; of one that has no such file, or a damaged one, there are none."""
        sums = cls(halved=halved)
        try:
            rows = np.load(folder / SUMS_NAME, allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError, MemoryError):  # what NumPy raises on damaged files
            return sums
        if rows.dtype == np.int64 and rows.shape[1:] == (3,):
            for kind, column in COLUMNS.items():
                sums._sums[kind].append(rows[:, [0, column]])
        return sums

    def sound_ids(self, kind: Kind, store: VectorSource | None, ids: Sequence[int]) -> set[int]:
        """Return those of these ids whose vectors a store holds as they were written."""
        known = dict(self._of(kind).tolist())
        return {
            one
            for at, vectors in _vectors(store, ids)
            for one, vector in zip(at, vectors, strict=True)
            if known.get(one) == self._sum(vector)
        }

    def _of(self, kind: Kind) -> Sums:
        return np.concatenate([np.empty((0, 2), np.int64), *self._sums[kind]])

    def _sum(self, vector: NDArray[np.float32]) -> int:
        return zlib.crc32(vector.astype(self._dtype).tobytes())


def held_ids(store: VectorSource | None, ids: Sequence[int]) -> set[int]:
    """Return those of these ids that a store has, whatever their vectors."""
    if isinstance(store, VectorFile):  # whose ids can be read without the vectors
        return set(ids) & set(store.ids.tolist())
    return {one for at, _ in _vectors(store, ids) for one in at}


def _vectors(store: VectorSource | None, ids: Sequence[int]) -> Iterator[VectorBatch]:
    """Yield the ids that a store has, with their vectors; where one of many is lacking, one by one."""
    for start in range(0, len(ids) if store else 0, CHECKED_AT_ONCE):
        batch = ids[start : start + CHECKED_AT_ONCE]
        try:
            yield batch, store.vectors_of(batch)  # type: ignore[union-attr]  # without a store, there is no turn
        except KeyError:
            if len(batch) > 1:
                middle = len(batch) // 2
                yield from _vectors(store, batch[:middle])
                yield from _vectors(store, batch[middle:])
