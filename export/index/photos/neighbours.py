"""Pairs of pictures that may be copies, from the clusters of a large library: each with those that seem nearest to it.

A small library needs none: there all hashes are compared (`near_among_all`).
"""

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorFile

# Four clusters found each of 3,000 copies whose cosines are .972 to .995 among 150,000 (`benchmarks/library/copies.py`).
CLUSTERS = 4
NEIGHBOURS = 16  # of each picture, itself among them
CHUNK = 4_096  # pictures asked with at once: 8 MB at 512 dimensions


def neighbour_pairs(index: MappedIvf, vectors: VectorFile, console: Console) -> NDArray[np.int64]:
    """Return pairs of rows, (p, 2): each row with those nearest to it. A pair may come twice, and a row with itself.

    Raises:
        ArtefactCorrupt: the clusters hold other rows than the file of vectors.
    """
    wanted = min(NEIGHBOURS, vectors.count)
    pairs = []
    with progress_bar(console, "Comparing", vectors.count) as advance:
        for start, chunk in vectors.chunks(CHUNK):
            near = index.nearest_rows(chunk, wanted, min(CLUSTERS, index.nlist))  # (c, wanted), -1 for none
            own = np.broadcast_to(np.arange(start, start + len(chunk))[:, None], near.shape)
            found = near > -1
            pairs.append(np.stack([own[found], near[found]], axis=1).astype(np.int32))
            advance(len(chunk))
    return np.concatenate(pairs).astype(np.int64)
