"""A checksum of every vector of a generation, kept beside its stores: which of them a damaged file still holds.

Owns the file's form: a NumPy array, (n, 3) int64: id, CRC-32 of the picture's vector as stored, CRC-32 of the caption's
or -1 where there is none. A generation from before there were sums has no such file.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from runtime.stores.protocols import VectorSource
from runtime.stores.vector_file import VectorBatch

SUMS_NAME = "vector_sums.npy"
CHECKED_AT_ONCE = 4096
Kind = Literal["picture", "caption"]
COLUMNS: dict[Kind, int] = {"picture": 1, "caption": 2}


class RowSums:
    """The sums of one generation, by kind and id. `halved` says that its stores keep 16-bit floats."""

    def __init__(self, *, halved: bool) -> None:
        """Begin with none."""
        self._dtype = "<f2" if halved else "<f4"
        self._sums: dict[Kind, dict[int, int]] = {"picture": {}, "caption": {}}

    def noting(self, kind: Kind, batches: Iterable[VectorBatch]) -> Iterator[VectorBatch]:
        """Yield batches as they come, the sums of their vectors noted."""
        for ids, vectors in batches:
            self._sums[kind] |= {int(one): self._sum(vector) for one, vector in zip(ids, vectors, strict=True)}
            yield ids, vectors

    def write(self, folder: Path) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        pictures, captions = self._sums["picture"], self._sums["caption"]
        rows = [(one, pictures[one], captions.get(one, -1)) for one in sorted(pictures)]
        with (folder / SUMS_NAME).open("wb") as file:
            np.save(file, np.array(rows, np.int64).reshape(-1, 3))

    @classmethod
    def read(cls, folder: Path, *, halved: bool) -> "RowSums":
        """Return the sums of a generation; of one that has no such file, or a damaged one, there are none."""
        sums = cls(halved=halved)
        try:
            rows = np.load(folder / SUMS_NAME, allow_pickle=False)
        except (OSError, ValueError, EOFError, SyntaxError, MemoryError):  # what NumPy raises on damaged files
            return sums
        if rows.dtype == np.int64 and rows.shape[1:] == (3,):
            for kind, column in COLUMNS.items():
                sums._sums[kind] = dict(zip(rows[:, 0].tolist(), rows[:, column].tolist(), strict=True))
        return sums

    def sound_ids(self, kind: Kind, store: VectorSource | None, ids: Sequence[int]) -> set[int]:
        """Return those of these ids whose vectors a store holds as they were written."""
        return {
            one
            for at, vector in _vectors(store, ids)
            for one, row in zip(at, vector, strict=True)
            if self._sums[kind].get(one) == self._sum(row)
        }

    def _sum(self, vector: np.ndarray) -> int:
        return zlib.crc32(vector.astype(self._dtype).tobytes())


def held_ids(store: VectorSource | None, ids: Sequence[int]) -> set[int]:
    """Return those of these ids that a store has, whatever their vectors."""
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
