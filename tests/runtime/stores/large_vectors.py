"""Vectors that crowd in topics, and an index over them: what the tests of large libraries ask."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.index.vectors.clusters import write_ivf
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.mapped_memory import KEPT_BYTES
from runtime.stores.vector_file import VectorFile, write_vectors

DIMENSION = 16


def silent() -> Console:
    return Console(file=io.StringIO(), width=200)


def crowded(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Return unit vectors, (n, d), around forty topics."""
    rng = np.random.default_rng(seed)
    topics = np.random.default_rng(99).normal(size=(40, DIMENSION))
    vectors = topics[rng.integers(0, 40, count)] + 0.5 * rng.normal(size=(count, DIMENSION))
    unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def written_vectors(path: Path, count: int) -> VectorFile:
    """Write vectors under every third id from 100 on."""
    return write_vectors(path, DIMENSION, [([100 + 3 * row for row in range(count)], crowded(count))])


def written_store(folder: Path, count: int, nprobe: int = 8) -> ClusteredStore:
    vectors = written_vectors(folder / "vectors.f16", count)
    write_ivf(folder / "index.faiss", vectors, silent())
    return opened_store(folder / "index.faiss", vectors, nprobe)


def opened_store(path: Path, vectors: VectorFile, nprobe: int = 8, kept_bytes: int = KEPT_BYTES) -> ClusteredStore:
    index = MappedIvf.open(path, vectors.dimension, vectors.count, kept_bytes=kept_bytes)
    return ClusteredStore(index, vectors, nprobe=nprobe, rescored=40)
