"""IvfStore: a large library's vectors in clusters, of which a search looks through the nearest few. Mapped, never loaded.

The file is a FAISS index (IVF with 8-bit scalars) whose ids are rows of the `VectorFile` beside it: what the 8 bits find is
scored again with the 16-bit vectors there, so cosines and order are as exact as those. It imports faiss on first use.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.mapped_memory import MappedMemory
from runtime.stores.vector_file import VectorFile

REMEDY = "Build the index again: python -m export index FOLDER."
RESCORED = 3  # times k: where 8 bits put a vector of the first k
MAPPED_MAX_BYTES = 32 << 20
Vectors = NDArray[np.float32]


class IvfStore:
    """An opened index over n vectors, in `nlist` clusters of which `nprobe` are searched. Threads may search at once."""

    def __init__(self, index: Any, vectors: VectorFile, nprobe: int) -> None:  # noqa: ANN401 (faiss has no types)
        """Keep a checked index and its vectors; `open` checks them."""
        import faiss

        self._index, self._vectors = index, vectors
        index.nprobe = nprobe
        lists: Any = faiss.downcast_InvertedLists(index.invlists)
        lists.prefetch_nthread = 0  # faiss would start 32 threads a search to touch the pages: 3 ms instead of 1
        self._list_bytes = lists.totsize // index.nlist
        self._memory = MappedMemory(int(lists.ptr), lists.totsize, MAPPED_MAX_BYTES)

    @classmethod
    def open(cls, path: Path, vectors: VectorFile, *, nprobe: int, threads: int = 1) -> Self:
        """Return the store in a file; `threads` is faiss's own, for the whole program.

        Raises:
            ArtefactMissing: there is no such file.
            ArtefactCorrupt: it is cut short, no such index, or not over these vectors.
        """
        import faiss

        if not path.is_file():
            raise ArtefactMissing(path, REMEDY)
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
        except (RuntimeError, MemoryError) as cause:  # MemoryError: a damaged length asks for terabytes
            raise ArtefactCorrupt(path, "it is cut short, or no FAISS index", REMEDY) from cause
        if not isinstance(index, faiss.IndexIVFScalarQuantizer) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise ArtefactCorrupt(path, "it is a FAISS index, but not one that this program made", REMEDY)
        if (index.d, index.ntotal) != (vectors.dimension, vectors.count):
            reason = f"it has {index.ntotal:,} vectors of {index.d} dimensions, its file of vectors {vectors.count:,}"
            raise ArtefactCorrupt(path, f"{reason} of {vectors.dimension}", REMEDY)
        if not _lists_are_whole(index):
            raise ArtefactCorrupt(path, "its clusters do not fill the file that they lie in", REMEDY)
        faiss.omp_set_num_threads(threads)
        return cls(index, vectors, min(nprobe, int(index.nlist)))

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
        return int(self._index.nlist)

    def search(self, vectors: Vectors, k: int, *, nprobe: int | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """Find the k nearest of each query, best first: all of them mostly, as the manifest's `recall_at_10` says.

        Args:
            vectors: (n, d) float32, each row of L2 norm 1.
            k: how many are wanted; a store that holds fewer gives all it has.
            nprobe: how many clusters are searched, where not as many as the store was opened with.

        Returns:
            ids, (n, min(k, count)) int64, and their cosines, of the same shape, float32 in [-1, 1].
        """
        k = min(k, self.count)
        if k < 1 or not len(vectors):  # faiss asserts k > 0
            return np.empty((len(vectors), 0), np.int64), np.empty((len(vectors), 0), np.float32)
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        found = [self._rescore(*one, k) for one in zip(queries, self._candidates(queries, k, nprobe), strict=True)]
        ids, scores = zip(*found, strict=True)
        return np.stack(ids), np.stack(scores)

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            KeyError: an id is unknown.
        """
        return self._vectors.vectors_of(ids)

    def _candidates(self, queries: Vectors, k: int, nprobe: int | None) -> NDArray[np.int64]:
        """Return rows to look at, (n, c), -1 where there are fewer; at least k a query."""
        import faiss

        nprobe, wanted = min(nprobe or self._index.nprobe, self.nlist), min(RESCORED * k, self.count)
        params = faiss.SearchParametersIVF(nprobe=nprobe)  # type: ignore[call-arg]  # faiss adds the keywords at run time
        _, rows = self._index.search(queries, wanted, params=params)
        self._memory.touch(len(queries) * nprobe * self._list_bytes)
        short = rows[:, k - 1] < 0  # (n,)
        if nprobe < self.nlist and short.any():  # these clusters hold fewer than k
            rows[short] = self._candidates(queries[short], k, 2 * nprobe)
        return rows  # type: ignore[no-any-return]

    def _rescore(self, query: Vectors, rows: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], Vectors]:
        """Return ids and cosines, each (k,), of the best of some rows; of equal ones, that with the smaller id."""
        rows = np.sort(rows[rows >= 0])
        scores = self._vectors.rows(rows) @ query  # (c,)
        best = np.argsort(-scores, kind="stable")[:k]
        return self._vectors.ids[rows[best]], scores[best]


def _lists_are_whole(index: Any) -> bool:  # noqa: ANN401 (faiss has no types)
    """Return whether the clusters hold all vectors and lie in the file; past the end of a mapped one, faiss crashes."""
    import faiss

    lists: Any = faiss.downcast_InvertedLists(index.invlists)
    if not isinstance(lists, faiss.OnDiskInvertedLists):
        return False
    sizes = [lists.list_size(number) for number in range(index.nlist)]
    content_bytes = index.ntotal * (index.code_size + 8)
    return bool(sum(sizes) == index.ntotal and content_bytes <= lists.totsize)
