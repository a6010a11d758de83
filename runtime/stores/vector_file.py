"""VectorFile: vectors by id, as 16-bit floats in one file, of which only the rows that are asked for are read.

Owns the file's form: a head of `HEAD.size` bytes (magic, dimension, count), the vectors in the order of their ids, then the
ids, ascending. Half precision costs a cosine 1e-4 at most, and nothing more when a vector read from here is written again.
"""

import os
import struct
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.whole_file import whole_file
from runtime.errors import ArtefactCorrupt, ArtefactMissing

REMEDY = "Build the index again: lookwhy index FOLDER."
HEAD = struct.Struct("<16sQQ")
MAGIC = b"lookwhy-vectors1"
ITEM_BYTES, ID_BYTES = 2, 8
CHUNK = 512  # vectors that are in double precision at once: 2 MB at 512 dimensions
Vectors = NDArray[np.float32]
VectorBatch = tuple[Sequence[int], Vectors]  # n ids and their (n, d) vectors


class VectorFile:
    """An opened file of n vectors; row r, from 0, holds the vector of the r-th smallest id. Threads may read at once.

    Rows are read, not mapped: a page that is read stays in the kernel's cache alone, where a mapped one would count as this
    process's memory, and fifteen of its neighbours with it. Only the ids are mapped, 8 bytes a vector. Nothing is opened
    later: what is open can be read when its folder is gone.
    """

    def __init__(self, path: Path, file: BinaryIO, dimension: int, count: int) -> None:
        """Keep an opened file that is known to have this form, and map its ids; `open` checks it."""
        self.dimension, self.count, self._path, self._file = dimension, count, path, file.fileno()
        weakref.finalize(self, file.close)
        start = HEAD.size + count * dimension * ITEM_BYTES
        self.ids: NDArray[np.int64] = (
            np.memmap(file, np.dtype("<i8"), "r", start, (count,)) if count else np.empty(0, np.int64)
        )  # (n,), ascending

    @classmethod
    def open(cls, path: Path, dimension: int) -> Self:
        """Return the vectors in a file.

        Raises:
            ArtefactMissing: there is no such file.
            ArtefactCorrupt: it is cut short, of another form, or of another dimension.
        """
        try:
            file = path.open("rb", buffering=0)
        except OSError as cause:
            raise ArtefactMissing(path, REMEDY) from cause
        try:
            return cls(path, file, dimension, _count_in(file, path, dimension))
        except BaseException:
            file.close()
            raise

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            KeyError: an id is unknown.
            ArtefactCorrupt: the file was cut short after it was opened.
        """
        wanted = np.asarray(ids, np.int64)
        rows = np.searchsorted(self.ids, wanted)
        if (rows == self.count).any() or (self.ids[rows] != wanted).any():
            raise KeyError(f"an id of {list(ids)[:5]}... is not in the store")
        return self.rows(rows)

    def rows(self, rows: Sequence[int] | NDArray[np.integer]) -> Vectors:
        """Return the vectors of these rows, (n, d) float32, in their order."""
        size = self.dimension * ITEM_BYTES
        return self._decode([os.pread(self._file, size, HEAD.size + int(row) * size) for row in rows], len(rows))

    def equal_rows(self, rows: NDArray[np.integer], other: "VectorFile", others: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return for each of n rows, ascending, whether it holds the very vector that another file has in the other row."""
        size = self.dimension * ITEM_BYTES
        if not len(rows) or other.dimension != self.dimension:
            return np.zeros(len(rows), np.bool_)
        found = []
        for file, wanted in ((self, rows), (other, others)):
            if wanted[-1] - wanted[0] == len(wanted) - 1:  # one after the other: one read
                pieces = [os.pread(file._file, len(wanted) * size, HEAD.size + int(wanted[0]) * size)]
            else:
                pieces = [os.pread(file._file, size, HEAD.size + int(row) * size) for row in wanted]
            found.append(file._halves(pieces, len(wanted)).view(np.uint16))
        return np.asarray((found[0] == found[1]).all(axis=1))

    def chunks(self, size: int) -> Iterator[tuple[int, Vectors]]:
        """Yield all vectors in the order of their ids, `size` at a time, each chunk with the row that it begins with."""
        row_bytes = self.dimension * ITEM_BYTES
        for start in range(0, self.count, size):
            count = min(size, self.count - start)
            yield start, self._decode([os.pread(self._file, count * row_bytes, HEAD.size + start * row_bytes)], count)

    def cosines(self, vector: Vectors) -> NDArray[np.float64]:
        """Return the cosines of all vectors with one, (d,), in the order of their ids: (count,), alike on every machine."""
        row_bytes, found = self.dimension * ITEM_BYTES, np.empty(self.count)
        for start in range(0, self.count, CHUNK):
            count = min(CHUNK, self.count - start)
            halves = self._halves([os.pread(self._file, count * row_bytes, HEAD.size + start * row_bytes)], count)
            found[start : start + count] = halves.astype(np.float64) @ vector.astype(np.float64)
        return found

    def _decode(self, pieces: Sequence[bytes], count: int) -> Vectors:
        return self._halves(pieces, count).astype(np.float32)

    def _halves(self, pieces: Sequence[bytes], count: int) -> NDArray[np.float16]:
        joined = b"".join(pieces)
        if len(joined) != count * self.dimension * ITEM_BYTES:
            raise ArtefactCorrupt(self._path, "it was cut short after it was opened", REMEDY)
        return np.frombuffer(joined, "<f2").reshape(count, self.dimension)


def write_vectors(path: Path, dimension: int, batches: Iterable[VectorBatch]) -> VectorFile:
    """Write vectors to a file as they come, and return it opened; no more than one batch is held.

    Args:
        path: where the file will stand.
        dimension: d.
        batches: n ids from 0 on, ascending over all batches, with their (n, d) float32 vectors of L2 norm 1.

    Raises:
        ValueError: the shapes disagree, or the ids do not ascend.
        OSError: the file cannot be written; what stood there before still does.
    """
    ids: list[NDArray[np.int64]] = []
    last = -1
    with whole_file(path) as file:
        file.write(HEAD.pack(MAGIC, dimension, 0))
        for new, vectors in batches:
            ids.append(_checked(new, vectors, dimension, after=last))
            last = int(ids[-1].max(initial=last))
            file.write(vectors.astype("<f2").tobytes())
        file.writelines(part.astype("<i8").tobytes() for part in ids)
        count = sum(part.size for part in ids)
        file.seek(0)
        file.write(HEAD.pack(MAGIC, dimension, count))
    return VectorFile.open(path, dimension)


def _count_in(file: BinaryIO, path: Path, dimension: int) -> int:
    """Return how many vectors an opened file holds; raises as `VectorFile.open`."""
    head, size = os.pread(file.fileno(), HEAD.size, 0), os.fstat(file.fileno()).st_size
    magic, given, count = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0, 0)
    if magic != MAGIC:
        raise ArtefactCorrupt(path, "it is no file of vectors", REMEDY)
    if given != dimension:
        reason = f"its vectors have {given} dimensions where the manifest says {dimension}"
        raise ArtefactCorrupt(path, reason, REMEDY)
    if size != HEAD.size + count * (dimension * ITEM_BYTES + ID_BYTES):
        raise ArtefactCorrupt(path, f"it has not the length of the {count:,} vectors that it names", REMEDY)
    return int(count)


def _checked(ids: Sequence[int], vectors: Vectors, dimension: int, *, after: int) -> NDArray[np.int64]:
    new = np.asarray(ids, np.int64)
    if vectors.shape != (new.size, dimension):
        raise ValueError(f"{new.size} ids of dimension {dimension} do not fit vectors of shape {vectors.shape}")
    if (np.diff(new, prepend=after) <= 0).any():
        raise ValueError("the ids do not ascend")
    return new
