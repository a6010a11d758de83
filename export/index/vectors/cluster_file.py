"""The file of a large library's clusters, in faiss's form: what was trained, then each cluster's codes and rows.

Owns how it is written; `clusters.py` trains, `extended_clusters.py` adds to what another file holds, and
`runtime/stores/faiss_ivf.py` opens it. With them, the export step's only files that import faiss.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.whole_file import whole_file

COMPARED = 2_048  # vectors compared with all centroids at once: 67 MB of scores at 8,192 clusters
Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
Codes = NDArray[np.uint8]
Advance = Callable[[int], None]


@dataclass(frozen=True)
class TrainedClusters:
    """The components, (c, d), the centroids, (nlist, c), and faiss's index with centroids and scales, which is empty."""

    components: Vectors
    centroids: Vectors
    index: Any

    def reduce(self, vectors: Vectors) -> Vectors:
        """Return the components, (n, c), of (n, d) vectors."""
        return vectors @ self.components.T

    def place(self, vectors: Vectors) -> Rows:
        """Return the cluster, (n,), of (n, d) vectors."""
        return nearest_centroids(self.reduce(vectors), self.centroids)[0]

    def encode(self, vectors: Vectors, placed: Rows) -> Codes:
        """Return the codes, (n, code size), of (n, d) vectors in their clusters."""
        import faiss

        codes = np.empty((len(vectors), self.index.code_size), np.uint8)
        arrays = np.ascontiguousarray(self.reduce(vectors)), np.ascontiguousarray(placed), codes
        self.index.encode_vectors(len(vectors), *(faiss.swig_ptr(array) for array in arrays), False)
        return codes


def empty_index(centroids: Vectors) -> Any:  # noqa: ANN401 (faiss has no types)
    """Return faiss's index over these centroids, (nlist, c), without scales or vectors."""
    import faiss

    nlist, components = centroids.shape
    nearest = faiss.IndexFlatIP(components)
    nearest.add(centroids)
    kind = faiss.ScalarQuantizer.QT_8bit
    return faiss.IndexIVFScalarQuantizer(nearest, components, nlist, kind, faiss.METRIC_INNER_PRODUCT)


def nearest_centroids(vectors: Vectors, centroids: Vectors) -> tuple[Rows, Vectors]:
    """Return the row of the centroid nearest to each of (n, c) vectors, (n,), and its inner product with it, (n,).

    In numpy, which takes a quarter of the time of faiss's flat search on one thread.
    """
    rows, best = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), COMPARED):
        scores = vectors[start : start + COMPARED] @ centroids.T  # (n, nlist)
        rows[start : start + COMPARED] = scores.argmax(axis=1)
        best[start : start + COMPARED] = scores.max(axis=1)
    return rows, best


def write_clusters(
    path: Path,
    trained: TrainedClusters,
    sizes: NDArray[np.integer],
    clusters: Iterator[tuple[Rows, Codes]],
    advance: Advance,
) -> None:
    """Write clusters of these sizes, (nlist,), one after the other: the rows, ascending, and codes of each.

    Raises:
        OSError: the file cannot be written.
    """
    with whole_file(path) as file:
        file.write(_head(trained, sizes))
        for rows, codes in clusters:
            file.write(codes.tobytes() + _u64(rows))
            advance(len(rows))


def _head(trained: TrainedClusters, sizes: NDArray[np.integer]) -> bytes:
    """Return the beginning of the file, up to the first cluster's list.

    faiss writes only in-memory indexes, so we write an empty header and append the lists: in its format they come last, each
    as its codes and its ids.
    """
    import faiss

    reduced, dimension = trained.components.shape
    transform = faiss.LinearTransform(dimension, reduced, False)
    faiss.copy_array_to_vector(trained.components.ravel(), transform.A)
    transform.is_trained = True
    trained.index.replace_invlists(None, False)
    trained.index.ntotal = int(sizes.sum())
    whole = faiss.IndexPreTransform(transform, trained.index)
    before = faiss.serialize_index(whole).tobytes().removesuffix(b"il00")  # faiss's mark for no lists
    return before + struct.pack("<4sQQ4sQ", b"ilar", len(sizes), trained.index.code_size, b"full", len(sizes)) + _u64(sizes)


def _u64(numbers: NDArray[np.integer]) -> bytes:
    return numbers.astype("<u8").tobytes()
