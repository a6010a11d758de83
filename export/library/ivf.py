"""A large library's index: its clusters are trained on a sample, then every vector of a file is put into its cluster.

The export step's only file that imports faiss; `runtime/stores/ivf_store.py` opens what it writes. Holds the sample and one
chunk of vectors, whatever their count. The same vectors give the same file: sample and starting points come from a seed.
"""

import math
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.library.summary import progress_bar
from runtime.stores.vector_file import VectorFile
from runtime.stores.whole_file import whole_file

SAMPLED = 40  # vectors a cluster is trained on: faiss asks for 39 and more
SAMPLE_MAX = 200_000  # 410 MB at 512 dimensions
ROUNDS = 10
CHUNK = 16_384  # vectors placed, or written, at once: 34 MB at 512 dimensions
SEED = 7
Vectors = NDArray[np.float32]
Advance = Callable[[int], None]


def clusters_for(count: int) -> int:
    """Return how many clusters suit `count` vectors: the power of two nearest to four times their root."""
    return max(1, 1 << round(math.log2(4 * math.sqrt(max(1, count)))))


def write_ivf(path: Path, vectors: VectorFile, console: Console) -> None:
    """Write the index over a file of vectors, at least as many as there are clusters for them.

    Raises:
        OSError: it cannot be written.
        KeyboardInterrupt: Ctrl-C, heeded after each round of training and each chunk.
    """
    import faiss

    faiss.omp_set_num_threads(os.cpu_count() or 1)
    nlist = clusters_for(vectors.count)
    with progress_bar(console, "Clustering", ROUNDS) as advance:
        index = _train(vectors, nlist, advance)
    with progress_bar(console, "Sorting", vectors.count) as advance:
        placed = _place(index, vectors, advance)
    with whole_file(path) as file, progress_bar(console, "Storing", vectors.count) as advance:
        file.write(_head(index, np.bincount(placed, minlength=nlist)))
        _write_lists(file, index, vectors, placed, advance)


def _train(vectors: VectorFile, nlist: int, advance: Advance) -> Any:  # noqa: ANN401 (faiss has no types)
    """Return an index that knows its clusters and its scales, and holds nothing yet."""
    import faiss

    rng = np.random.default_rng(SEED)
    wanted = min(vectors.count, SAMPLED * nlist, SAMPLE_MAX)
    sample = vectors.rows(np.sort(rng.choice(vectors.count, wanted, replace=False)))
    centroids = sample[rng.choice(wanted, nlist, replace=False)]
    for _ in range(ROUNDS):  # one at a time, so that Ctrl-C need not wait for all
        means = faiss.Kmeans(
            vectors.dimension,
            nlist,
            niter=1,
            spherical=True,
            seed=SEED,
            min_points_per_centroid=1,
            max_points_per_centroid=wanted,
        )
        means.train(sample, init_centroids=centroids)
        centroids = means.centroids  # type: ignore[assignment]  # faiss types them as if they might be None
        advance(1)
    nearest = faiss.IndexFlatIP(vectors.dimension)
    nearest.add(centroids)
    form = faiss.ScalarQuantizer.QT_8bit
    index = faiss.IndexIVFScalarQuantizer(nearest, vectors.dimension, nlist, form, faiss.METRIC_INNER_PRODUCT)
    index.train(sample)  # finds the clusters there, and fits the scalars' scales
    return index


def _place(index: Any, vectors: VectorFile, advance: Advance) -> NDArray[np.int64]:  # noqa: ANN401
    """Return the cluster of each row, (n,)."""
    placed = np.empty(vectors.count, np.int64)
    for start, chunk in vectors.chunks(CHUNK):
        _, nearest = index.quantizer.search(chunk, 1)  # (c, 1)
        placed[start : start + len(chunk)] = nearest[:, 0]
        advance(len(chunk))
    return placed


def _head(index: Any, sizes: NDArray[np.integer]) -> bytes:  # noqa: ANN401
    """Return the beginning of the file, up to where the first cluster's vectors stand.

    faiss writes a file only of an index that it holds whole in memory; but in its form the lists come last, each as its
    codes and its ids, so all before them can be had from an index that is empty.
    """
    import faiss

    index.replace_invlists(None, False)
    index.ntotal = int(sizes.sum())
    before = faiss.serialize_index(index).tobytes().removesuffix(b"il00")  # its mark of lists that are not there
    return before + struct.pack("<4sQQ4sQ", b"ilar", len(sizes), index.code_size, b"full", len(sizes)) + _u64(sizes)


def _write_lists(
    file: BinaryIO,
    index: Any,  # noqa: ANN401
    vectors: VectorFile,
    placed: NDArray[np.int64],
    advance: Advance,
) -> None:
    """Write the clusters' codes and rows one cluster after the other."""
    order = np.argsort(placed, kind="stable")
    starts = np.searchsorted(placed[order], np.arange(index.nlist + 1))
    first = 0
    while first < index.nlist:  # as many clusters at once as make up a chunk
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + CHUNK, "right")) - 1)
        rows = order[starts[first] : starts[last]]
        codes = _encode(index, vectors.rows(rows), placed[rows])  # (c, code size)
        for number in range(first, last):
            part = slice(starts[number] - starts[first], starts[number + 1] - starts[first])
            file.write(codes[part].tobytes() + _u64(rows[part]))
        advance(len(rows))
        first = last


def _encode(index: Any, vectors: Vectors, placed: NDArray[np.int64]) -> NDArray[np.uint8]:  # noqa: ANN401
    import faiss

    codes = np.empty((len(vectors), index.code_size), np.uint8)
    pointers = (faiss.swig_ptr(array) for array in (vectors, np.ascontiguousarray(placed), codes))
    index.encode_vectors(len(vectors), *pointers, False)
    return codes


def _u64(numbers: NDArray[np.integer]) -> bytes:
    return numbers.astype("<u8").tobytes()
