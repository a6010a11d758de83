"""Adds pictures to clusters that were made before, and leaves out those that are gone: nothing is trained or placed anew.

A vector stays in its cluster, with its code. Whether the clusters still suit the library is measured by its recall
(`nprobe.py`); how they are made is `clusters.py`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from export.console import progress_bar
from export.index.vectors.cluster_file import Codes, Rows, TrainedClusters, empty_index, write_clusters
from export.index.vectors.clusters import CHUNK, clusters_for
from runtime.artefacts.cluster_search import ClusterSearchParams
from runtime.artefacts.manifest import IndexManifest
from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorFile

MORE_MAX, FEWER_MAX = 1.5, 2  # times as many clusters as there are may be wanted, and so many times fewer
NEW_MAX = 0.5  # share of the vectors that may be new: with more, little would be saved


@dataclass(frozen=True)
class LastClusters:
    """The clusters in force, their vectors, and how they are searched."""

    index: MappedIvf
    vectors: VectorFile
    probing: ClusterSearchParams

    @classmethod
    def open(cls, out: Path, manifest: IndexManifest | None) -> "LastClusters | None":
        """Return the clusters of an index's folder; None where it has none, or they cannot be opened."""
        if manifest is None or manifest.probing is None or manifest.vectors is None:
            return None
        try:
            vectors = VectorFile.open(out / manifest.vectors.path, manifest.dimension)
            index = MappedIvf.open(out / manifest.store.path, manifest.dimension, vectors.count)
        except (ArtefactCorrupt, ArtefactMissing):
            return None
        return cls(index, vectors, manifest.probing)


def extend_ivf(path: Path, vectors: VectorFile, last: LastClusters, console: Console) -> bool:
    """Write an index over a file of vectors with the clusters of the last one; return whether there is one now.

    There is none where they are too few or too many for so many vectors, or where most vectors are new.

    Raises:
        OSError: it cannot be written.
        ArtefactCorrupt: the last one lacks vectors.
        KeyboardInterrupt: Ctrl-C.
    """
    wanted = clusters_for(vectors.count)
    if not wanted / MORE_MAX <= last.index.nlist <= wanted * FEWER_MAX:
        return False
    new_rows = kept_rows(last.vectors, vectors)  # by the last row
    is_new = np.ones(vectors.count, np.bool_)
    is_new[new_rows[new_rows >= 0]] = False
    added = np.flatnonzero(is_new)
    if len(added) > NEW_MAX * vectors.count:
        return False
    trained = trained_before(last.index)
    placed, codes = _place(trained, vectors, added)
    sizes = np.bincount(placed, minlength=last.index.nlist)
    order = np.argsort(placed, kind="stable")
    of_cluster = np.split(order, np.cumsum(sizes)[:-1])  # of the added ones
    sizes += [len(_kept_of(last.index, number, new_rows)[0]) for number in range(last.index.nlist)]

    def clusters() -> Iterator[tuple[Rows, Codes]]:
        for number, new in enumerate(of_cluster):
            rows, their_codes = _kept_of(last.index, number, new_rows)
            all_rows = np.concatenate([rows, added[new]])
            ascending = np.argsort(all_rows, kind="stable")
            yield all_rows[ascending], np.concatenate([their_codes, codes[new]])[ascending]

    with progress_bar(console, "Adding to the clusters", vectors.count) as advance:
        write_clusters(path, trained, sizes, clusters(), advance)
    return True


def kept_rows(last: VectorFile, vectors: VectorFile) -> Rows:
    """Return for each row of the last file the row, (n,), of the same id and vector now; -1 where there is none."""
    rows = np.searchsorted(vectors.ids, last.ids)
    rows[rows == vectors.count] = 0
    rows[vectors.ids[rows] != last.ids] = -1
    for start in range(0, last.count, CHUNK):
        before = np.flatnonzero(rows[start : start + CHUNK] >= 0) + start
        same = vectors.equal_rows(rows[before], last, before)
        rows[before[~same]] = -1
    return rows


def trained_before(index: MappedIvf) -> TrainedClusters:
    """Return what an index was trained to, without its vectors."""
    import faiss

    components, centroids, scales = index.trained()
    empty = empty_index(centroids)
    faiss.copy_array_to_vector(scales, empty.sq.trained)
    empty.is_trained = True
    return TrainedClusters(components, centroids, empty)


def _place(trained: TrainedClusters, vectors: VectorFile, added: Rows) -> tuple[Rows, Codes]:
    """Return clusters, (n,), and codes of the added rows."""
    placed, codes = np.empty(len(added), np.int64), np.empty((len(added), trained.index.code_size), np.uint8)
    for start in range(0, len(added), CHUNK):
        part = slice(start, start + CHUNK)
        some = vectors.rows(added[part])
        placed[part] = trained.place(some)
        codes[part] = trained.encode(some, placed[part])
    return placed, codes


def _kept_of(index: MappedIvf, number: int, new_rows: Rows) -> tuple[Rows, Codes]:
    """Return rows as they are now, and codes, of what is left of a cluster."""
    last_rows, codes = index.cluster(number)
    rows = new_rows[last_rows]
    return rows[rows >= 0], codes[rows >= 0]
