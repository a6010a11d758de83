"""FlatStore: unit vectors in one FAISS file, searched exactly. The default store; needs no server.

It imports faiss on first use: the import takes 0.13 s, and a command that opens no index should not pay for it.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.whole_file import whole_file
from runtime.errors import ArtefactCorrupt, ArtefactMissing

REMEDY = "Build the index again: lookwhy index FOLDER."
HEAD = struct.Struct("<4siq")  # a FAISS file begins with its kind, the dimension, the count
VECTOR_ITEM_BYTES, ID_BYTES = 4, 8
CHUNK = 512  # vectors that are in double precision at once: 2 MB at 512 dimensions
Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]


class FlatStore:
    """A flat inner-product index with ids. Threads may search at once, but not while another adds or removes.

    An opened store is mapped, not read: it opens in 10 ms whatever its size, searches as fast as one in memory, and only the
    pages in use are resident; the system takes them back when memory is short. The first change reads it into memory.
    """

    compares_all = True  # by `cosines`, whatever is allowed

    def __init__(self, dimension: int, threads: int = 1) -> None:
        """Begin an empty store of vectors of `dimension`; `threads` is faiss's own, for the whole program."""
        import faiss

        faiss.omp_set_num_threads(threads)
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._mapped_from: Path | None = None

    @classmethod
    def open(cls, path: Path, dimension: int, threads: int = 1) -> Self:
        """Return the store in a file.

        Raises:
            ArtefactMissing: there is no such file.
            ArtefactCorrupt: it is cut short, no such store, or of another dimension.
        """
        import faiss

        mapped = _is_whole(path, dimension)
        index = _read_index(path, REMEDY, faiss.IO_FLAG_MMAP_IFC if mapped else 0)
        if not isinstance(index, faiss.IndexIDMap2) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise ArtefactCorrupt(path, "it is a FAISS index, but not one that this program made", REMEDY)
        if index.d != dimension:
            reason = f"its vectors have {index.d} dimensions where the manifest says {dimension}"
            raise ArtefactCorrupt(path, reason, REMEDY)
        store = cls(dimension, threads)
        store._index, store._mapped_from = index, path if mapped else None
        return store

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return int(self._index.d)

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return int(self._index.ntotal)

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Keep vectors, (n, d) float32 of L2 norm 1, under n new ids.

        Raises:
            ValueError: the shapes disagree, or an id is taken; faiss itself would keep both and find one.
        """
        import faiss

        new = np.asarray(ids, dtype=np.int64)
        if vectors.shape != (new.size, self.dimension):
            raise ValueError(f"{new.size} ids of dimension {self.dimension} do not fit vectors of shape {vectors.shape}")
        if np.unique(new).size < new.size or np.isin(new, faiss.vector_to_array(self._index.id_map)).any():
            raise ValueError("an id is already in the store")
        self._own()
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), new)

    def remove(self, ids: Sequence[int]) -> int:
        """Forget the vectors of these ids; unknown ones are passed over. Returns how many were there."""
        self._own()
        return int(self._index.remove_ids(np.asarray(ids, dtype=np.int64)))

    def search(self, vectors: Vectors, k: int, *, allowed: Ids | None = None) -> tuple[NDArray[np.int64], Vectors]:
        """Find the k nearest of each query, best first; exactly, also among the allowed ones.

        Args:
            vectors: (n, d) float32, each row of L2 norm 1.
            k: how many are wanted; a store that holds fewer gives all it has.
            allowed: the ids to search among, (a,) ascending, each once; unknown ones are passed over. None for all.

        Returns:
            ids, (n, min(k, count)) int64, and their cosines, of the same shape, float32 in [-1, 1]. With `allowed`, count is
            the number of those.
        """
        if allowed is None:
            return self._search(self._index, vectors, min(k, self.count))
        import faiss

        ids = faiss.vector_to_array(self._index.id_map)  # (count,)
        is_allowed = np.isin(ids, allowed)
        with_arrays: Any = faiss  # whose classes take arrays and keywords that the type checker does not know of
        selector = with_arrays.IDSelectorBitmap(np.packbits(is_allowed, bitorder="little"))
        params = with_arrays.SearchParameters(sel=selector)
        vectors_alone = faiss.downcast_index(self._index.index)
        k = min(k, int(np.count_nonzero(is_allowed)))
        rows, scores = self._search(vectors_alone, vectors, k, params=params)
        return ids[rows], scores

    def _search(
        self,
        index: Any,  # noqa: ANN401 (faiss has no types)
        vectors: Vectors,
        k: int,
        **params: Any,  # noqa: ANN401 (faiss's own)
    ) -> tuple[NDArray[np.int64], Vectors]:
        if k < 1:  # faiss asserts k > 0
            return np.empty((len(vectors), 0), np.int64), np.empty((len(vectors), 0), np.float32)
        scores, found = index.search(np.ascontiguousarray(vectors, dtype=np.float32), k, **params)
        return found, scores

    def cosines(self, vector: Vectors, *, allowed: object = None) -> tuple[Ids, NDArray[np.float64]]:
        """Compare a vector, (d,), with all of the store, in double precision, which gives the same on every machine.

        Returns:
            all ids, (count,) ascending, and their cosines in the same order, float64.
        """
        import faiss

        ids: Ids = faiss.vector_to_array(self._index.id_map)  # (count,)
        vectors_alone: Any = faiss.downcast_index(self._index.index)
        found, vector = np.empty(ids.size), vector.astype(np.float64)
        if ids.size:
            whole = faiss.rev_swig_ptr(vectors_alone.get_xb(), ids.size * self.dimension).reshape(ids.size, -1)  # no copy
            for start in range(0, ids.size, CHUNK):
                found[start : start + CHUNK] = whole[start : start + CHUNK].astype(np.float64) @ vector
        order = np.argsort(ids, kind="stable")
        return ids[order], found[order]

    def vectors_of(self, ids: Sequence[int]) -> Vectors:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            KeyError: an id is unknown.
        """
        try:
            vectors: Vectors = self._index.reconstruct_batch(np.asarray(ids, dtype=np.int64))
        except RuntimeError as cause:
            raise KeyError(f"an id of {list(ids)[:5]}... is not in the store") from cause
        return vectors

    def save(self, path: Path) -> None:
        """Write the store under `path`, whole or not at all.

        Raises:
            OSError: the file cannot be written; what stood there before still does.
        """
        import faiss

        with whole_file(path) as file:
            # through Python's file, for its OSError: faiss's own writer reports a full disk as text, or not at all; the
            # type checker cannot see the class, which faiss's C++ side brings
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]

    def _own(self) -> None:
        """Read a mapped store into memory; faiss ends the process where a mapped one is changed."""
        if self._mapped_from:
            self._index, self._mapped_from = _read_index(self._mapped_from, REMEDY), None


def read_flat_vectors(path: Path, remedy: str = REMEDY) -> Vectors:
    """Return the vectors of a plain flat FAISS file, L2 or inner product, such as the seed project wrote.

    The message of an error ends with the `remedy`.

    Returns:
        (n, d) float32, in row order, as they were added.

    Raises:
        ArtefactMissing: there is no such file.
        ArtefactCorrupt: it is cut short, or not a flat index.
    """
    import faiss

    index = _read_index(path, remedy)
    if not isinstance(index, faiss.IndexFlat):
        reason = f"it is a {type(index).__name__}; only flat indexes keep the vectors themselves"
        raise ArtefactCorrupt(path, reason, "Build it anew: lookwhy index FOLDER.")
    vectors: Vectors = index.reconstruct_n(0, index.ntotal) if index.ntotal else np.empty((0, index.d), np.float32)
    return vectors


def _is_whole(path: Path, dimension: int) -> bool:
    """Return whether a file has the length that its own count of vectors asks for.

    If not, it must not be mapped: past the end of a mapped file, faiss crashes instead of raising.
    """
    import faiss

    if not path.is_file() or path.stat().st_size < HEAD.size:
        return False
    with path.open("rb") as file:
        _, _, count = HEAD.unpack(file.read(HEAD.size))
    empty = faiss.serialize_index(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))
    return bool(path.stat().st_size == empty.size + count * (dimension * VECTOR_ITEM_BYTES + ID_BYTES))


def _read_index(path: Path, remedy: str, flags: int = 0) -> Any:  # noqa: ANN401 (faiss has no types)
    import faiss

    if not path.is_file():
        raise ArtefactMissing(path, remedy)
    try:
        return faiss.read_index(str(path), flags)
    except (RuntimeError, MemoryError) as cause:  # MemoryError: a damaged length asks for terabytes
        raise ArtefactCorrupt(path, "it is cut short, or no FAISS index", remedy) from cause
