"""A large library's index: clusters are trained on a sample, then every vector of a file is put into its cluster.

What is clustered, and stored as 8-bit scalars, is the vectors' principal components. Leaving out the components in which
pictures hardly differ makes files smaller and searches faster; the hits are scored again by their whole vectors. Memory
holds the sample and one chunk of vectors, whatever their count. The same vectors give the same file: sample and starting
points come from a seed. `cluster_file.py` writes it.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from export.index.vectors.cluster_file import (
    Advance,
    Codes,
    Rows,
    TrainedClusters,
    Vectors,
    empty_index,
    nearest_centroids,
    write_clusters,
)
from runtime.models.cpu_cores import usable_cores
from runtime.stores.vector_file import VectorFile

SAMPLED = 40  # vectors a cluster is trained on: faiss asks for 39 and more
SAMPLE_MAX = 200_000  # 130 MB at 160 components
COMPONENTS_SAMPLE = 32_768  # vectors that components are found from: 67 MB at 512 dimensions
ROUNDS = 10
VARIANCE_KEPT = 0.92  # share of the pictures' variance that the components keep
COMPONENTS_STEP = 16  # floats that AVX-512 takes at once
CHUNK = 16_384  # vectors placed, or written, at once: 34 MB at 512 dimensions
DIRECTION_ROUNDS = 8  # of the power method
SEED = 7


def clusters_for(count: int) -> int:
    """Return how many clusters suit `count` vectors: the power of two nearest to eight times their root.

    More than the usual four times, as comparing a query with all centroids costs little over few components. A cluster has
    eight vectors or more on average.
    """
    return max(1, min(1 << round(math.log2(8 * math.sqrt(count))), count // 8))


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
    sizes = np.bincount(placed, minlength=trained.index.nlist)
    with progress_bar(console, "Storing", vectors.count) as advance:
        write_clusters(path, trained, sizes, _encoded(trained, vectors, placed), advance)


def _train(vectors: VectorFile, nlist: int, advance: Advance) -> TrainedClusters:
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
    centroids = centroids[neighbours_in_a_row(centroids)]
    index = empty_index(centroids)
    placed, _ = nearest_centroids(sample, centroids)
    left = np.ascontiguousarray(sample - centroids[placed])  # what the scalars have to say beside the clusters
    index.train_encoder(wanted, *(faiss.swig_ptr(array) for array in (left, placed)))
    index.is_trained = True
    return TrainedClusters(components, centroids, index)


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


def neighbours_in_a_row(centroids: Vectors) -> Rows:
    """Return an order, (nlist,), of (nlist, c) centroids in which those near each other mostly follow one another.

    It is the clusters' order in the file, where a search then reads longer pieces: at a million pictures it touches a third
    fewer of the kernel's windows of 64 KB. They are halved along the direction in which they differ most, and so are the
    halves.
    """
    order = np.arange(len(centroids))
    parts = [order]
    while parts:
        part = parts.pop()
        if len(part) < 3:
            continue
        apart = centroids[part] - centroids[part].mean(axis=0)
        direction = apart[np.argmax((apart**2).sum(axis=1))]
        for _ in range(DIRECTION_ROUNDS):
            turned = apart.T @ (apart @ direction)
            direction = turned / max(float(np.linalg.norm(turned)), 1e-12)
        part[:] = part[np.argsort(apart @ direction, kind="stable")]
        parts += [part[: len(part) // 2], part[len(part) // 2 :]]
    return order


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


def _place(trained: TrainedClusters, vectors: VectorFile, advance: Advance) -> Rows:
    """Return the cluster of each row, (n,)."""
    placed = np.empty(vectors.count, np.int64)
    for start, chunk in vectors.chunks(CHUNK):
        placed[start : start + len(chunk)] = trained.place(chunk)
        advance(len(chunk))
    return placed


def _encoded(trained: TrainedClusters, vectors: VectorFile, placed: Rows) -> Iterator[tuple[Rows, Codes]]:
    """Yield the rows and codes of one cluster after the other."""
    order, nlist = np.argsort(placed, kind="stable"), trained.index.nlist
    starts = np.searchsorted(placed[order], np.arange(nlist + 1))
    first = 0
    while first < nlist:  # as many clusters at once as make up a chunk
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + CHUNK, "right")) - 1)
        rows = order[starts[first] : starts[last]]
        codes = trained.encode(vectors.rows(rows), placed[rows])  # (n, code size)
        for number in range(first, last):
            part = slice(starts[number] - starts[first], starts[number + 1] - starts[first])
            yield rows[part], codes[part]
        first = last


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return unit
