"""A large library's index: clusters are trained on a sample, then every vector of a file is put into its cluster.

What is clustered, and stored as 8-bit scalars, is the vectors' principal components. Leaving out the components in which
pictures hardly differ makes files smaller and searches faster; the hits are scored again by their whole vectors. The export
step's only file that imports faiss; `runtime/stores/faiss_ivf.py` opens what it writes. Memory holds the sample and one
chunk of vectors, whatever their count. The same vectors give the same file: sample and starting points come from a seed.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from runtime.artefacts.whole_file import whole_file
from runtime.models.cpu_cores import usable_cores
from runtime.stores.vector_file import VectorFile

SAMPLED = 40  # vectors a cluster is trained on: faiss asks for 39 and more
SAMPLE_MAX = 200_000  # 130 MB at 160 components
COMPONENTS_SAMPLE = 32_768  # vectors that components are found from: 67 MB at 512 dimensions
ROUNDS = 10
VARIANCE_KEPT = 0.92  # share of the pictures' variance that the components keep
COMPONENTS_STEP = 16  # floats that AVX-512 takes at once
CHUNK = 16_384  # vectors placed, or written, at once: 34 MB at 512 dimensions
COMPARED = 2_048  # vectors compared with all centroids at once: 67 MB of scores at 8,192 clusters
SEED = 7
Vectors = NDArray[np.float32]
Advance = Callable[[int], None]


def clusters_for(count: int) -> int:
    """Return how many clusters suit `count` vectors: the power of two nearest to eight times their root.

    More than the usual four times, as comparing a query with all centroids costs little over few components. A cluster has
    eight vectors or more on average.
    """
    return max(1, min(1 << round(math.log2(8 * math.sqrt(count))), count // 8))


@dataclass(frozen=True)
class _Trained:
    """The components, (c, d), the centroids, (nlist, c), and faiss's index with centroids and scales, which is empty."""

    components: Vectors
    centroids: Vectors
    index: Any

    def reduce(self, vectors: Vectors) -> Vectors:
        """Return the components, (n, c), of (n, d) vectors."""
        return vectors @ self.components.T


def write_ivf(path: Path, vectors: VectorFile, console: Console) -> None:
    """Write the index over a file of at least one vector.

    Raises:
        OSError: it cannot be written.
        KeyboardInterrupt: Ctrl-C, after at most one round of training or one chunk.
    """
    import faiss

    faiss.omp_set_num_threads(usable_cores())
    with progress_bar(console, "Clustering", ROUNDS) as advance:
        trained = _train(vectors, clusters_for(vectors.count), advance)
    with progress_bar(console, "Sorting", vectors.count) as advance:
        placed = _place(trained, vectors, advance)
    with whole_file(path) as file, progress_bar(console, "Storing", vectors.count) as advance:
        file.write(_head(trained, np.bincount(placed, minlength=trained.index.nlist)))
        _write_lists(file, trained, vectors, placed, advance=advance)


def _train(vectors: VectorFile, nlist: int, advance: Advance) -> _Trained:
    import faiss

    rng = np.random.default_rng(SEED)
    wanted = min(vectors.count, SAMPLED * nlist, SAMPLE_MAX)
    rows = rng.choice(vectors.count, wanted, replace=False)
    components = principal_components(vectors.rows(rows[:COMPONENTS_SAMPLE]))  # (c, d)
    sample = np.concatenate([vectors.rows(rows[at : at + CHUNK]) @ components.T for at in range(0, wanted, CHUNK)])  # (w, c)
    centroids = _unit(sample[rng.choice(wanted, nlist, replace=False)])
    for _ in range(ROUNDS):
        centroids = mean_directions(sample, *nearest_centroids(sample, centroids), nlist)
        advance(1)
    nearest = faiss.IndexFlatIP(len(components))
    nearest.add(centroids)
    kind = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(nearest, len(components), nlist, kind, faiss.METRIC_INNER_PRODUCT)
    placed, _ = nearest_centroids(sample, centroids)
    left = np.ascontiguousarray(sample - centroids[placed])  # what the scalars have to say beside the clusters
    index.train_encoder(wanted, *(faiss.swig_ptr(array) for array in (left, placed)))
    index.is_trained = True
    return _Trained(components, centroids, index)


def nearest_centroids(vectors: Vectors, centroids: Vectors) -> tuple[NDArray[np.int64], Vectors]:
    """Return the row of the centroid nearest to each of (n, c) vectors, (n,), and its inner product with it, (n,).

    In numpy, which takes a quarter of the time of faiss's flat search on one thread.
    """
    rows, best = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), COMPARED):
        scores = vectors[start : start + COMPARED] @ centroids.T  # (n, nlist)
        rows[start : start + COMPARED] = scores.argmax(axis=1)
        best[start : start + COMPARED] = scores.max(axis=1)
    return rows, best


def mean_directions(vectors: Vectors, placed: NDArray[np.int64], scores: Vectors, nlist: int) -> Vectors:
    """Return the mean direction, (nlist, c) of L2 norm 1, of the (n, c) vectors placed in each cluster.

    A cluster that has none begins anew at one of the vectors that lie farthest from their own centroid.
    """
    order = np.argsort(placed, kind="stable")
    used, starts = np.unique(placed[order], return_index=True)
    means = np.empty((nlist, vectors.shape[1]), np.float32)
    means[used] = np.add.reduceat(vectors[order], starts, axis=0)
    empty = np.setdiff1d(np.arange(nlist), used)
    means[empty] = vectors[np.argsort(scores, kind="stable")[: len(empty)]]
    return _unit(means)


def principal_components(sample: Vectors) -> Vectors:
    """Return the directions, (c, d) orthonormal, that keep `VARIANCE_KEPT` of a sample's variance.

    Unlike in PCA, the mean is not subtracted, so that inner products stay what they are. It is nearly the first direction.
    """
    moments = sample.T @ sample / len(sample)  # (d, d)
    mean = sample.mean(axis=0)
    _, directions = np.linalg.eigh(moments)  # smallest first
    spread = np.einsum("dc,de,ec->c", directions, moments - np.outer(mean, mean), directions)[::-1]
    kept = int(np.searchsorted(np.cumsum(spread), VARIANCE_KEPT * spread.sum())) + 1
    kept = min(sample.shape[1], -(-kept // COMPONENTS_STEP) * COMPONENTS_STEP)
    return np.ascontiguousarray(directions[:, ::-1][:, :kept].T)


def _place(trained: _Trained, vectors: VectorFile, advance: Advance) -> NDArray[np.int64]:
    """Return the cluster of each row, (n,)."""
    placed = np.empty(vectors.count, np.int64)
    for start, chunk in vectors.chunks(CHUNK):
        placed[start : start + len(chunk)], _ = nearest_centroids(trained.reduce(chunk), trained.centroids)
        advance(len(chunk))
    return placed


def _head(trained: _Trained, sizes: NDArray[np.integer]) -> bytes:
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


def _write_lists(
    file: BinaryIO, trained: _Trained, vectors: VectorFile, placed: NDArray[np.int64], *, advance: Advance
) -> None:
    """Write the clusters' codes and rows, one cluster after the other."""
    order, nlist = np.argsort(placed, kind="stable"), trained.index.nlist
    starts = np.searchsorted(placed[order], np.arange(nlist + 1))
    first = 0
    while first < nlist:  # as many clusters at once as make up a chunk
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + CHUNK, "right")) - 1)
        rows = order[starts[first] : starts[last]]
        codes = _encode(trained, vectors.rows(rows), placed[rows])  # (n, code size)
        for number in range(first, last):
            part = slice(starts[number] - starts[first], starts[number + 1] - starts[first])
            file.write(codes[part].tobytes() + _u64(rows[part]))
        advance(len(rows))
        first = last


def _encode(trained: _Trained, vectors: Vectors, placed: NDArray[np.int64]) -> NDArray[np.uint8]:
    import faiss

    codes = np.empty((len(vectors), trained.index.code_size), np.uint8)
    arrays = np.ascontiguousarray(trained.reduce(vectors)), np.ascontiguousarray(placed), codes
    trained.index.encode_vectors(len(vectors), *(faiss.swig_ptr(array) for array in arrays), False)
    return codes


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def _u64(numbers: NDArray[np.integer]) -> bytes:
    return numbers.astype("<u8").tobytes()
