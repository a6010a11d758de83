"""MappedIvf: a FAISS index of clusters with 8-bit scalars (IVF, SQ8) over principal components, mapped from its file.

Finds rows of a `VectorFile`, roughly; `clustered.py` scores them. It imports faiss on first use.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.mapped_memory import KEPT_BYTES, MappedMemory

REMEDY = "Build the index again: lookwhy index FOLDER."
ROW_BYTES = 8
WINDOWS_PER_CLUSTER = 4  # times as much is mapped as a small cluster is long, at most about: windows have sixteen pages
Vectors = NDArray[np.float32]


class MappedIvf:
    """An opened index in `nlist` clusters. Threads may search at once."""

    def __init__(self, path: Path, index: Any, kept_bytes: int) -> None:  # noqa: ANN401 (faiss has no types)
        """Keep a checked index, of which so much may stay in memory; `open` checks it."""
        import faiss

        self._path = path
        self._index = index  # owns the two parts, which faiss frees with it
        self._components, self._clusters = _parts(index)
        lists: Any = faiss.downcast_InvertedLists(self._clusters.invlists)
        lists.prefetch_nthread = 0  # faiss would start up to 32 threads a search, only to touch pages: 2.3 ms instead of 1.4
        self._memory = MappedMemory(int(lists.ptr), lists.totsize, kept_bytes)
        self._at_once = max(1, kept_bytes // WINDOWS_PER_CLUSTER // max(1, lists.totsize // self.nlist))  # clusters
        bytes_of = np.array(_sizes(lists), np.int64) * (lists.code_size + ROW_BYTES)
        self._ends = lists.totsize - int(bytes_of.sum()) + np.cumsum(bytes_of)  # of each cluster in the file, (nlist,)
        self._starts = self._ends - bytes_of

    @classmethod
    def open(cls, path: Path, dimension: int, count: int, threads: int = 1, *, kept_bytes: int = KEPT_BYTES) -> Self:
        """Return the index in a file, over `count` vectors.

        `threads` is faiss's own, for the whole program; `kept_bytes` is how much of the file may stay in memory, about.

        Raises:
            ArtefactMissing: there is no such file.
            ArtefactCorrupt: it is cut short, no such index, or over other vectors.
        """
        import faiss

        if not path.is_file():
            raise ArtefactMissing(path, REMEDY)
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
        except (RuntimeError, MemoryError) as cause:  # MemoryError: a damaged length asks for terabytes
            raise ArtefactCorrupt(path, "it is cut short, or no FAISS index", REMEDY) from cause
        if not _is_ours(index):
            raise ArtefactCorrupt(path, "it is a FAISS index, but not one that this program made", REMEDY)
        if (index.d, index.ntotal) != (dimension, count):
            reason = f"it has {index.ntotal:,} vectors of {index.d} dimensions, its file of vectors {count:,} of {dimension}"
            raise ArtefactCorrupt(path, reason, REMEDY)
        faiss.omp_set_num_threads(threads)
        return cls(path, index, kept_bytes)

    @property
    def nlist(self) -> int:
        """How many clusters there are."""
        return int(self._clusters.nlist)

    def trained(self) -> tuple[Vectors, Vectors, Vectors]:
        """Return the components, (c, d), the centroids, (nlist, c), and the codes' scales, for what adds to the clusters."""
        import faiss

        centres: Any = faiss.downcast_index(self._clusters.quantizer)
        arrays = self._components.A, self._clusters.sq.trained
        components, scales = (np.array(faiss.vector_to_array(array), np.float32) for array in arrays)
        centroids: Vectors = centres.reconstruct_n(0, self.nlist)
        return components.reshape(self._clusters.d, -1), centroids, scales

    def cluster(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return the rows of a cluster, (n,), and their codes, (n, code size), both copied.

        Raises:
            ArtefactCorrupt: it names a row that does not exist.
        """
        import faiss

        lists: Any = faiss.downcast_InvertedLists(self._clusters.invlists)
        size, code_size = lists.list_size(number), lists.code_size
        if not size:
            return np.empty(0, np.int64), np.empty((0, code_size), np.uint8)
        self._make_room(np.array([number]))
        rows = faiss.rev_swig_ptr(lists.get_ids(number), size).copy()
        codes = faiss.rev_swig_ptr(lists.get_codes(number), size * code_size).reshape(size, code_size).copy()
        if rows.min() < 0 or rows.max() >= self._clusters.ntotal:
            raise ArtefactCorrupt(self._path, "its clusters hold other vectors than its file of vectors", REMEDY)
        return rows, codes

    def nearest_rows(
        self, queries: Vectors, wanted: int, nprobe: int, is_allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Return the rows, (n, wanted), that seem nearest to each of (n, d) queries; -1 where the clusters hold fewer.

        `is_allowed`, (count,), says which rows may be found; at least `wanted` of them.

        Raises:
            ArtefactCorrupt: the clusters name a row that does not exist, or lack some.
        """
        import faiss

        rows: NDArray[np.int64]
        bits = None if is_allowed is None else np.packbits(is_allowed, bitorder="little")
        with_arrays: Any = faiss  # whose classes take arrays and keywords that the type checker does not know of
        selector = None if bits is None else with_arrays.IDSelectorBitmap(bits)
        reduced = self._components.apply(queries)
        if self._memory.keeps_all:
            params = with_arrays.SearchParametersIVF(nprobe=nprobe, sel=selector)
            _, rows = self._clusters.search(reduced, wanted, params=params)
        else:
            rows = self._nearest_in_steps(reduced, wanted, nprobe, selector)
        least = 0 if nprobe >= self.nlist else -1
        if rows.min() < least or rows.max() >= self._clusters.ntotal:
            raise ArtefactCorrupt(self._path, "its clusters hold other vectors than its file of vectors", REMEDY)
        return rows

    def _nearest_in_steps(
        self,
        reduced: Vectors,
        wanted: int,
        nprobe: int,
        selector: Any,  # noqa: ANN401 (faiss has no types)
    ) -> NDArray[np.int64]:
        """Return the same as one search, which might keep more of the file in memory than may be."""
        import faiss

        with_arrays: Any = faiss
        nearness, clusters = with_arrays.downcast_index(self._clusters.quantizer).search(reduced, nprobe)  # (n, nprobe)
        all_scores, all_rows = [], []
        for start in range(0, nprobe, self._at_once):
            some = np.ascontiguousarray(clusters[:, start : start + self._at_once])
            their_nearness = np.ascontiguousarray(nearness[:, start : start + self._at_once])
            self._make_room(some[some >= 0])
            scores, rows = np.empty((len(reduced), wanted), np.float32), np.empty((len(reduced), wanted), np.int64)
            params = with_arrays.SearchParametersIVF(nprobe=some.shape[1], sel=selector)
            arrays = [faiss.swig_ptr(array) for array in (some, their_nearness, scores, rows)]
            self._clusters.search_preassigned_c(len(reduced), faiss.swig_ptr(reduced), wanted, *arrays, False, params)
            all_scores.append(scores)
            all_rows.append(rows)
        if len(all_rows) == 1:
            return all_rows[0]
        best = np.argsort(-np.hstack(all_scores), axis=1, kind="stable")[:, :wanted]
        return np.take_along_axis(np.hstack(all_rows), best, axis=1)

    def _make_room(self, clusters: NDArray[np.int64]) -> None:
        """Give back other parts of the file, where these clusters, (n,), would be too much."""
        self._memory.make_room(self._starts[clusters], self._ends[clusters])


def _parts(index: Any) -> tuple[Any, Any]:  # noqa: ANN401 (faiss has no types)
    """Return the transform to principal components, and the clusters."""
    import faiss

    return faiss.downcast_VectorTransform(index.chain.at(0)), faiss.downcast_index(index.index)


def _is_ours(index: Any) -> bool:  # noqa: ANN401 (faiss has no types)
    """Return whether all parts are of the form that `export/index/vectors/clusters.py` writes, and fit each other.

    faiss trusts the lengths that a file states, and would read past the end of arrays or of the file.
    """
    import faiss

    if type(index).__name__ != "IndexPreTransform" or index.chain.size() != 1:
        return False
    components, clusters = _parts(index)
    if not isinstance(clusters, faiss.IndexIVF):
        return False
    lists: Any = faiss.downcast_InvertedLists(clusters.invlists)  # type: ignore[arg-type]  # SWIG's types
    centres: Any = faiss.downcast_index(clusters.quantizer)
    kinds = [type(part).__name__ for part in (components, clusters, lists, centres)]
    if kinds != ["LinearTransform", "IndexIVFScalarQuantizer", "OnDiskInvertedLists", "IndexFlatIP"]:
        return False
    d_in, d_out, scalars = index.d, clusters.d, clusters.sq  # type: ignore[attr-defined]  # SWIG's types
    return bool(
        (components.d_in, components.d_out, components.A.size(), components.have_bias) == (d_in, d_out, d_in * d_out, False)
        and (centres.d, centres.ntotal, centres.codes.size()) == (d_out, clusters.nlist, clusters.nlist * d_out * 4)
        and (scalars.qtype, scalars.d, scalars.trained.size()) == (faiss.ScalarQuantizer.QT_8bit, d_out, 2 * d_out)
        and clusters.metric_type == faiss.METRIC_INNER_PRODUCT
        and _lists_are_whole(lists, clusters, index.ntotal)
    )


def _lists_are_whole(lists: Any, clusters: Any, count: int) -> bool:  # noqa: ANN401 (faiss has no types)
    """Return whether the clusters hold all vectors, and end before the file does."""
    sizes = _sizes(lists)
    content_bytes = count * (clusters.d + ROW_BYTES)
    fits = (lists.nlist, lists.code_size, clusters.code_size) == (clusters.nlist, clusters.d, clusters.d)
    return bool(fits and sum(sizes) == count == clusters.ntotal and content_bytes <= lists.totsize)


def _sizes(lists: Any) -> list[int]:  # noqa: ANN401 (faiss has no types)
    return [lists.list_size(number) for number in range(lists.nlist)]
