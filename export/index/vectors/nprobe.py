"""How many clusters a search of a large library scans (`nprobe`), measured on that library.

The vectors of texts are far from those of pictures, so that they need several times the clusters that pictures as queries
would need: where there are enough captions, these are the queries.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.console import progress_bar
from runtime.artefacts.cluster_search import AskedWith, ClusterSearchParams
from runtime.artefacts.model_records import CLIP_LEVELS
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorFile

FOUND = 10  # pictures a query, as recall@10 has it
RECALL_AIM, MARGIN = 0.95, 0.005  # the margin is about what 1,000 queries leave uncertain
QUERIES = 1_000  # to choose by, and as many to measure on
DRIFT_QUERIES = 200  # to see whether clusters that were added to still do; they leave about .006 uncertain
DRIFT_MAX = 0.01  # below the aim, from where on all is clustered anew
DEEP_QUERIES = 200  # of them that look through everything
RESCORED_AIM, RESCORED_MAX = 0.985, 1_000  # above RECALL_AIM, as clusters miss some, too; a row takes 2 us
QUERIES_MIN = 100  # captions; fewer give too coarse a measure
CHUNK = 16_384  # pictures scored at once: 131 MB of scores
TIE = 1e-6  # the order of additions changes a cosine by no more
SEED = 7
TEXT_COSINE = CLIP_LEVELS.text_cosine
Vectors = NDArray[np.float32]


def choose_probing(
    index: MappedIvf, pictures: VectorFile, captions: VectorFile, console: Console, text_cosine: float = TEXT_COSINE
) -> ClusterSearchParams:
    """Return the smallest search that meets `RECALL_AIM` on half of the queries, and its recall on the other half.

    Args:
        index: the clusters.
        pictures: its vectors.
        captions: the captions' vectors, if there are any.
        console: where progress goes, and a warning if the aim is missed.
        text_cosine: of a picture and a text that describes it, both without their mean.
    """
    rng = np.random.default_rng(SEED)
    asked_with: AskedWith = "captions" if captions.count >= QUERIES_MIN else "pictures moved towards text"
    by_captions = asked_with == "captions"
    queries = _some(captions, rng) if by_captions else move_towards_text(_some(pictures, rng), rng, text_cosine)
    with progress_bar(console, "Measuring", pictures.count) as advance:
        tenth = tenth_best(pictures, queries, advance)
    middle = len(queries) // 2
    rescored = rows_to_score(index, pictures, queries[: min(middle, DEEP_QUERIES)], tenth)
    store = ClusteredStore(index, pictures, nprobe=1, rescored=rescored)
    chosen = fewest_probes(store, queries[:middle], tenth[:middle])
    recall = recall_with(store, queries[middle:], tenth[middle:], chosen)
    if recall < RECALL_AIM:
        console.print(
            f"A search finds {recall:.1%} of the ten nearest pictures; {RECALL_AIM:.0%} were aimed at.", style="yellow"
        )
    return ClusterSearchParams(
        nlist=store.nlist,
        nprobe=chosen,
        rescored=rescored,
        recall_at_10=round(recall, 4),
        queries=len(queries) - middle,
        asked_with=asked_with,
    )


def still_found(
    index: MappedIvf, pictures: VectorFile, captions: VectorFile, last: ClusterSearchParams, text_cosine: float
) -> ClusterSearchParams | None:
    """Return how an index that was added to is searched: as before, if a search still finds enough; None if it does not.

    Recall is measured with `DRIFT_QUERIES` queries, as the clusters may no longer suit the pictures; `text_cosine` is what
    `choose_probing` takes.
    """
    rng = np.random.default_rng(SEED)
    asked_with: AskedWith = "captions" if captions.count >= QUERIES_MIN else "pictures moved towards text"
    if asked_with == "captions":
        queries = _some(captions, rng)[:DRIFT_QUERIES]
    else:
        queries = move_towards_text(_some(pictures, rng), rng, text_cosine)[:DRIFT_QUERIES]
    store = ClusteredStore(index, pictures, nprobe=last.nprobe, rescored=last.rescored)
    recall = recall_with(store, queries, tenth_best(pictures, queries, lambda _: None), last.nprobe)
    if recall < RECALL_AIM - DRIFT_MAX:
        return None
    return last.model_copy(update={"recall_at_10": round(recall, 4), "queries": len(queries), "asked_with": asked_with})


def tenth_best(pictures: VectorFile, queries: Vectors, advance: Callable[[int], None]) -> NDArray[np.float32]:
    """Return the cosine, (n,), of the last of the `FOUND` pictures nearest to each query, by scoring all pictures."""
    best = np.full((len(queries), FOUND), -1.0, np.float32)
    for _, chunk in pictures.chunks(CHUNK):
        scores = np.hstack([best, queries @ chunk.T])  # (n, FOUND + c)
        best = np.partition(scores, -FOUND, axis=1)[:, -FOUND:]
        advance(len(chunk))
    tenth: NDArray[np.float32] = best.min(axis=1)
    return tenth


def rows_to_score(index: MappedIvf, pictures: VectorFile, queries: Vectors, tenth: NDArray[np.float32]) -> int:
    """Return how many rows must be rescored for ten hits, by the ranks of the nearest pictures in the 8-bit order."""
    rows = index.nearest_rows(queries, min(RESCORED_MAX, pictures.count), index.nlist)  # (n, r)
    true = [pictures.rows(row) @ query >= least - TIE for row, query, least in zip(rows, queries, tenth, strict=False)]
    shares = np.minimum(np.cumsum(true, axis=1), FOUND).mean(axis=0) / FOUND  # (r,)
    return min(int(np.searchsorted(shares, RESCORED_AIM)) + 1, len(shares))


def fewest_probes(store: ClusteredStore, queries: Vectors, tenth: NDArray[np.float32]) -> int:
    """Return the smallest number of clusters whose recall meets the aim with its margin; all of them where none does."""
    enough = 1
    while enough < store.nlist and recall_with(store, queries, tenth, enough) < RECALL_AIM + MARGIN:
        enough = min(2 * enough, store.nlist)
    too_few = enough // 2
    while enough - too_few > max(1, enough // 32):  # finer than by a thirty-second is noise
        middle = (too_few + enough) // 2
        if recall_with(store, queries, tenth, middle) < RECALL_AIM + MARGIN:
            too_few = middle
        else:
            enough = middle
    return enough


def recall_with(store: ClusteredStore, queries: Vectors, tenth: NDArray[np.float32], nprobe: int) -> float:
    """Return the share of the `FOUND` nearest pictures that a search of so many clusters finds.

    A picture counts as one of the nearest if its cosine is at least the tenth best, (n,): of equal pictures, any will do.
    """
    _, scores = store.search(queries, FOUND, nprobe=nprobe)
    return float(np.mean(scores >= tenth[:, None] - TIE))


def move_towards_text(pictures: Vectors, rng: np.random.Generator, text_cosine: float = TEXT_COSINE) -> Vectors:
    """Return queries as far from pictures as texts are, (n, d), made of n pictures: `text_cosine` of each, and noise.

    The mean difference of texts and pictures is left out: it shifts all cosines of a query equally.
    """
    apart = _unit(pictures - pictures.mean(axis=0))
    noise = _unit(rng.standard_normal(apart.shape, np.float32))
    return _unit(text_cosine * apart + math.sqrt(1 - text_cosine**2) * noise)


def _some(vectors: VectorFile, rng: np.random.Generator) -> Vectors:
    return vectors.rows(rng.choice(vectors.count, min(2 * QUERIES, vectors.count), replace=False))


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
