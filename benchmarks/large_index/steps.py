"""A library of a million pictures: `make bench-large`, or `python -m benchmarks.large_index --count 100000` for a try.

Builds through the code that `export index` publishes with, opens as the runtime does, and searches on one thread; the flat
form stands beside it. Vectors come from `large_world.py`; truth is exact search over them as they were made, before any
rounding. Every step runs in a process of its own, for its memory. Prints Markdown; leaves nothing but that.
"""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.large_index.synthetic_vectors import BLOCK, DIMENSION, World, make_world
from benchmarks.measure.memory import Memory, Peak
from export.index.catalog import Catalog, IndexedImage
from export.index.generation import NextGeneration, publish
from runtime.artefacts.manifest import read_index_manifest
from runtime.stores.opening import open_stores
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import VectorBatch

SEED = 7
QUERIES, FLAT_QUERIES = 1_000, 30
ASKED = ("text", "picture")
Vectors = NDArray[np.float32]


def queries_of(world: World, asked: str) -> Vectors:
    """Return the queries, (n, d): texts about pictures of the library, worded unlike its captions; or other pictures."""
    blocks = world.texts(BLOCK, told=1) if asked == "text" else world.pictures(BLOCK, part=1)
    return next(blocks)[:QUERIES]


def exact_tens(count: int, asked: str) -> Vectors:
    """Return the cosine of the tenth nearest picture, (n,), of each query."""
    world = make_world(SEED)
    queries = queries_of(world, asked)
    best = np.full((len(queries), 10), -1, np.float32)
    for pictures in world.pictures(count):
        best = np.partition(np.hstack([best, queries @ pictures.T]), -10, axis=1)[:, -10:]
    tenth: Vectors = best.min(axis=1)
    return tenth


def build(out: Path, count: int, ivf_from: int) -> dict[str, Any]:
    """Publish an index, as `export index` does once all pictures are embedded."""
    out.mkdir(parents=True)
    world = make_world(SEED)
    rows = [IndexedImage(at + 1, f"{at:07}.jpg", f"{at:064x}", 1, 1, 1, "a caption", 0) for at in range(count)]
    following = NextGeneration(
        number=1,
        catalog=Catalog(rows, next_id=count + 1),
        images_dir=Path("pictures"),
        models={},
        dimension=DIMENSION,
        vectors=numbered(world.pictures(count)),
        captions=numbered(world.texts(count)),
        ivf_from=ivf_from,
    )
    started = time.perf_counter()
    with Peak() as peak:
        publish(out, following, Console(file=io.StringIO()))
    manifest = read_index_manifest(out)
    sizes = {file.path.rsplit("/", 1)[-1]: file.bytes for file in manifest.files()}
    return {"build_s": time.perf_counter() - started, "before": peak.before, "peak": peak.most, "sizes": sizes}


def numbered(blocks: Iterator[Vectors]) -> Iterator[VectorBatch]:
    """Yield blocks of vectors with ids, from 1 on."""
    start = 1
    for block in blocks:
        yield range(start, start + len(block)), block
        start += len(block)


def search(out: Path, truths: dict[str, Vectors], count: int) -> dict[str, Any]:
    """Open an index and put the queries to it, one at a time."""
    import faiss  # noqa: F401 (imported before the clock starts: its own memory and time are not the index's)

    world = make_world(SEED)
    queries = {asked: queries_of(world, asked)[:count] for asked in ASKED}
    memory = {"with nothing opened": Memory.now()}
    started = time.perf_counter()
    manifest = read_index_manifest(out)
    store, _ = open_stores(out, manifest)
    opened_s = time.perf_counter() - started
    memory["opened"] = Memory.now()
    ask(store, queries["text"][:10])
    memory["after 10 searches"] = Memory.now()
    results = {asked: measured(store, queries[asked], truths[asked][:count]) for asked in ASKED}
    memory[f"after {10 + 2 * count:,} searches"] = Memory.now()
    return {"open_s": opened_s, "memory": memory, "results": results, "manifest": manifest}


def ask(store: VectorStore, queries: Vectors) -> tuple[list[float], Vectors]:
    """Return the seconds of each search, and the cosines found, (n, 10)."""
    seconds, scores = [], []
    for query in queries:
        started = time.perf_counter()
        scores.append(store.search(query[None], 10)[1][0])
        seconds.append(time.perf_counter() - started)
    return seconds, np.stack(scores)


def measured(store: VectorStore, queries: Vectors, tenth: Vectors) -> dict[str, float]:
    """Return recall@10 and the milliseconds of a search."""
    seconds, scores = ask(store, queries)
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    # the tolerance is what rounding to 16 bits moves a cosine by, not what it takes to mistake a picture for another
    return {"recall": float(np.mean(scores >= tenth[:, None] - 1e-4)), "p50": float(p50), "p99": float(p99)}
