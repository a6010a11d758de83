"""ClusteredStore: the vectors of a large library. A search scans the nearest clusters alone, and loads neither file.

The clusters hold 8-bit codes, whose scores are rough (`faiss_ivf.py`). The best rows are scored again by the vectors
themselves (`vector_file.py`), so the cosines, and the order of what is found, are exact.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorFile

HITS = 10  # `rescored` is the number of rows scored again per so many hits
SCORED_MAX = 2_000  # allowed rows that are all scored by their vectors; from there on, scanning all clusters is faster
Vectors = NDArray[np.float32]


class ClusteredStore:
    """An index over n vectors, of whose clusters `nprobe` are scanned. Threads may search at once."""

    compares_all = True  # by `cosines`, whatever is allowed

    def __init__(self, index: MappedIvf, vectors: VectorFile, *, nprobe: int, rescored: int) -> None:
        """Keep an opened index, its vectors, and how many rows are scored again per `HITS` hits."""
        self._index, self._vectors, self._nprobe, self._rescored = index, vectors, nprobe, rescored

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return self._vectors.dimension

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return self._vectors.count

    @property
    def nlist(self) -> int:
        """How many clusters there are."""
        return self._index.nlist

    def search(
        self, vectors: Vectors, k: int, *, allowed: NDArray[np.int64] | None = None, nprobe: int | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Find the k nearest of each query, best first: most of them, as the manifest's `recall_at_10` says.

        Args:
            vectors: (n, d) float32, each row of L2 norm 1.
            k: how many are wanted; a store that holds fewer gives all it has.
            allowed: the ids to search among, (a,) ascending, each once; unknown ones are passed over. None for all.
            nprobe: how many clusters are scanned; None for as many as the store was opened with, and for more the fewer are
                allowed.

        Returns:
            ids, (n, min(k, count)) int64, and their cosines, of the same shape, float32 in [-1, 1]. With `allowed`, count is
            the number of those.
        """
        is_allowed = None if allowed is None else np.isin(self._vectors.ids, allowed)
        count = self.count if is_allowed is None else int(np.count_nonzero(is_allowed))
        k = min(k, count)
        if k < 1 or not len(vectors):  # faiss asserts k > 0
            return np.empty((len(vectors), 0), np.int64), np.empty((len(vectors), 0), np.float32)
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        if is_allowed is not None and count <= SCORED_MAX:
            rows = np.tile(np.flatnonzero(is_allowed), (len(queries), 1))  # (n, count)
        else:
            nprobe = nprobe or _nprobe_among(count, self.count, self._nprobe)
            rows = self._candidates(queries, k, min(nprobe, self.nlist), is_allowed)  # (n, c)
        ids, scores = zip(*(self._rescore(*one, k) for one in zip(queries, rows, strict=True)), strict=True)
        return np.stack(ids), np.stack(scores)

    def cosines(self, vector: Vectors, *, allowed: object = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Compare a vector, (d,), with all vectors, not with those of some clusters; reads their whole file.

        Returns:
            all ids, (count,) ascending, and their cosines in the same order, float64.
        """
        return self._vectors.ids, self._vectors.cosines(vector)

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            KeyError: an id is unknown.
        """
        return self._vectors.vectors_of(ids)

    def _candidates(self, queries: Vectors, k: int, nprobe: int, is_allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Return the rows to score, (n, c), at least k a query; -1 where there are fewer than c."""
        wanted = max(k, self._rescored * -(-k // HITS))
        count = self.count if is_allowed is None else int(np.count_nonzero(is_allowed))
        rows = self._index.nearest_rows(queries, min(wanted, count), nprobe, is_allowed)
        short = rows[:, k - 1] < 0  # (n,)
        if nprobe < self.nlist and short.any():  # these clusters hold fewer than k
            rows[short] = self._candidates(queries[short], k, min(2 * nprobe, self.nlist), is_allowed)
        return rows

    def _rescore(self, query: Vectors, rows: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return ids and cosines, each (k,), of the best of some rows; of equal ones, that with the smaller id."""
        rows = np.sort(rows[rows >= 0])
        scores = self._vectors.rows(rows) @ query  # (c,)
        best = np.argsort(-scores, kind="stable")[:k]
        return self._vectors.ids[rows[best]], scores[best]


def _nprobe_among(allowed: int, count: int, nprobe: int) -> int:
    """Return how many clusters to scan where only some of the rows may be found.

    Divided by their share, the same number of rows counts as ever. Divided by it once more, as those of one place or holiday
    lie together, and perhaps in few of the nearest clusters: with half of the rows allowed, recall@10 is then .98 where it
    would be .93 (benchmarks/RESULTS.md).
    """
    return math.ceil(nprobe * (count / allowed) ** 2)
