"""SmallStore: a flat FAISS file of few vectors, read into memory and searched by numpy, without the import of faiss.

That import takes 40 ms and pages in 46 MB of libraries, which a cold start on Lambda spares: more than the vectors have
themselves. Exact, as `FlatStore` is, which writes the file and opens what is not read here: large, other and damaged ones.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

SMALL_BYTES = 24 << 20  # of the vectors: 12,000 of 512 dimensions, which numpy compares as fast as faiss
CHUNK = 512  # vectors that are in double precision at once: 2 MB at 512 dimensions
# As faiss/impl/index_write.cpp writes an index: its kind, d, ntotal, two dummies, whether it is trained, its metric. First
# the IndexIDMap2, then the IndexFlatIP in it, then how many floats follow. Behind those, the count of ids, and they.
HEAD = struct.Struct("<4siqqqBi 4siqqqBi q")
ID_COUNT = struct.Struct("<q")
WITH_IDS, FLAT, DUMMY, TRAINED, INNER_PRODUCT = b"IxM2", b"IxFI", 1 << 20, 1, 0
VECTOR_ITEM_BYTES, ID_BYTES = 4, 8
Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class SmallStore:
    """Unit vectors with ids, in memory. Threads may search at once; it is not changed."""

    compares_all = True  # by `cosines`, whatever is allowed

    def __init__(self, ids: Ids, vectors: Vectors) -> None:
        """Keep n ids, each once, and their (n, d) float32 vectors, each of L2 norm 1."""
        order = np.argsort(ids, kind="stable")
        self._ids, self._vectors = ids[order], vectors[order]

    @classmethod
    def read(cls, path: Path, dimension: int) -> Self | None:
        """Return the store in a file; None where it is large, or not to the last byte what `FlatStore` writes."""
        try:
            with path.open("rb") as file:
                head = file.read(HEAD.size)
                count = _count_in(head, dimension)
                if count is None or count * dimension * VECTOR_ITEM_BYTES > SMALL_BYTES:
                    return None
                vectors, rest = (
                    file.read(count * dimension * VECTOR_ITEM_BYTES),
                    file.read(ID_COUNT.size + count * ID_BYTES + 1),
                )
        except OSError:
            return None
        if rest[: ID_COUNT.size] != ID_COUNT.pack(count) or len(rest) != ID_COUNT.size + count * ID_BYTES:
            return None
        return cls(
            np.frombuffer(rest, "<i8", offset=ID_COUNT.size).astype(np.int64),
            np.frombuffer(vectors, "<f4").astype(np.float32, copy=False).reshape(count, dimension),
        )

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return int(self._vectors.shape[1])

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return len(self._ids)

    def search(self, vectors: Vectors, k: int, *, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """Find the k nearest of each query, best first; of equally near ones, the smallest ids. As `FlatStore.search`."""
        scores = np.ascontiguousarray(vectors, np.float32) @ self._vectors.T  # (n, count)
        ids = self._ids
        if allowed is not None:
            are_allowed = np.isin(ids, allowed)
            ids, scores = ids[are_allowed], scores[:, are_allowed]
        k = min(k, ids.size)
        nearest = np.stack([_largest(row, k) for row in scores]) if len(scores) else np.empty((0, k), np.int64)
        return ids[nearest], np.take_along_axis(scores, nearest, 1)

    def cosines(self, vector: Vectors, *, allowed: object = None) -> tuple[Ids, NDArray[np.float64]]:
        """Compare a vector, (d,), with all of the store, in double precision, which gives the same on every machine.

        Returns:
            all ids, (count,) ascending, and their cosines in the same order, float64.
        """
        found, exact = np.empty(self.count), vector.astype(np.float64)
        for start in range(0, self.count, CHUNK):
            found[start : start + CHUNK] = self._vectors[start : start + CHUNK].astype(np.float64) @ exact
        return self._ids, found

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            KeyError: an id is unknown.
        """
        wanted = np.asarray(ids, np.int64)
        rows = np.searchsorted(self._ids, wanted)
        if (rows == self.count).any() or (self._ids[rows] != wanted).any():
            raise KeyError(f"an id of {list(ids)[:5]}... is not in the store")
        return self._vectors[rows]


def _count_in(head: bytes, dimension: int) -> int | None:
    """Return how many vectors a file with this head holds; None where it is another head."""
    if len(head) != HEAD.size:
        return None
    count: int = HEAD.unpack(head)[2]
    index = (dimension, count, DUMMY, DUMMY, TRAINED, INNER_PRODUCT)
    if not 0 <= count <= SMALL_BYTES:  # of a damaged file; what it says of more would not fit the head
        return None
    is_ours = head == HEAD.pack(WITH_IDS, *index, FLAT, *index, count * dimension)
    return count if is_ours else None


def _largest(scores: Vectors, k: int) -> NDArray[np.int64]:
    """Return where the k largest are, the largest first, and of equal ones the first."""
    if 0 < k < scores.size:
        least = np.partition(scores, scores.size - k)[scores.size - k]
        candidates = np.flatnonzero(scores >= least)
    else:
        candidates = np.arange(scores.size)
    return candidates[np.argsort(-scores[candidates], kind="stable")[:k]]
