"""The steps of the large-index benchmark, each made to run in its own process: exact search, build, search."""

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.library.large_index.synthetic_vectors import BLOCK, DIMENSION, SyntheticVectors, make_synthetic_vectors
from benchmarks.measure.memory import Memory, PeakMemory
from export.index.catalog import Catalog, IndexedImage
from export.index.generations.generation import NextGeneration, publish
from export.index.vectors.extended_clusters import LastClusters, extend_ivf
from export.index.vectors.nprobe import TEXT_COSINE, still_found
from runtime.artefacts.manifest import read_index_manifest
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.opening import open_stores
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import VectorBatch, VectorFile, write_vectors

SEED = 7
QUERIES, FLAT_QUERIES = 1_000, 30
QUERY_KINDS = ("text", "picture")
KEPT_MB = (85, 250)  # of the index: less than all of it at a million pictures, and all of it
ADDED = 1_000
Vectors = NDArray[np.float32]


def make_queries(vectors: SyntheticVectors, kind: str) -> Vectors:
    """Return the queries, (n, d): texts about pictures of the library in other words than its captions; or new pictures."""
    blocks = vectors.texts(BLOCK, wording=1) if kind == "text" else vectors.pictures(BLOCK, part=1)
    return next(blocks)[:QUERIES]


def tenth_cosines(count: int, kind: str) -> Vectors:
    """Return the cosine of each query with its tenth nearest picture, (n,), by exact search."""
    vectors = make_synthetic_vectors(SEED)
    queries = make_queries(vectors, kind)
    best = np.full((len(queries), 10), -1, np.float32)
    for pictures in vectors.pictures(count):
        best = np.partition(np.hstack([best, queries @ pictures.T]), -10, axis=1)[:, -10:]
    tenth: Vectors = best.min(axis=1)
    return tenth


def build(out: Path, count: int, ivf_from: int) -> dict[str, Any]:
    """Publish an index as `export index` does once all pictures are embedded; return time, memory and file sizes."""
    out.mkdir(parents=True)
    vectors = make_synthetic_vectors(SEED)
    following = NextGeneration(
        number=1,
        catalog=Catalog(make_rows(count), next_id=count + 1),
        images_dir=Path("pictures"),
        models={},
        dimension=DIMENSION,
        vectors=with_ids(vectors.pictures(count)),
        captions=with_ids(vectors.texts(count)),
        ivf_from=ivf_from,
    )
    started = time.perf_counter()
    with PeakMemory() as peak:
        publish(out, following, Console(file=io.StringIO()))
    manifest = read_index_manifest(out)
    sizes = {file.path.rsplit("/", 1)[-1]: file.bytes for file in manifest.files()}
    return {"build_s": time.perf_counter() - started, "before": peak.before, "peak": peak.most, "sizes": sizes}


def with_ids(blocks: Iterator[Vectors]) -> Iterator[VectorBatch]:
    """Yield blocks of vectors with consecutive ids from 1."""
    start = 1
    for block in blocks:
        yield range(start, start + len(block)), block
        start += len(block)


def add(out: Path, count: int, added: int) -> dict[str, float]:
    """Add pictures to the built index, in the way of the next generation; return the seconds of clusters and of all.

    The vectors come from the index, as they do in a build. "clusters" is what `write_clustered` does beside writing vectors:
    the clusters' file, and the check that a search still finds enough.
    """
    manifest = read_index_manifest(out)
    last = LastClusters.open(out, manifest)
    if last is None or manifest.captions is None:
        raise SystemExit(f"{out} has no clusters")
    captions = VectorFile.open(out / manifest.captions.path, DIMENSION)
    more = next(make_synthetic_vectors(SEED).pictures(BLOCK, part=2))[:added]
    console, scratch = Console(file=io.StringIO()), out / "scratch"
    scratch.mkdir()
    pictures = write_vectors(scratch / "vectors.f16", DIMENSION, batches_of(last.vectors, count, more))
    started = time.perf_counter()
    if not extend_ivf(scratch / "index.faiss", pictures, last, console):
        raise SystemExit("the clusters could not be added to")
    index = MappedIvf.open(scratch / "index.faiss", DIMENSION, pictures.count)
    written_s = time.perf_counter() - started
    probing = still_found(index, pictures, captions, last.probing, TEXT_COSINE)
    seconds = {"write": written_s, "clusters": time.perf_counter() - started}
    if probing is None:
        raise SystemExit("a search would miss too much")
    shutil.rmtree(scratch)
    following = NextGeneration(
        number=2,
        catalog=Catalog(make_rows(count + added), next_id=count + added + 1),
        images_dir=Path("pictures"),
        models={},
        dimension=DIMENSION,
        vectors=batches_of(last.vectors, count, more),
        captions=batches_of(captions, count, more),
        ivf_from=1,
        adds_to_last=True,
    )
    started = time.perf_counter()
    publish(out, following, console)
    return seconds | {"all": time.perf_counter() - started, "recall": probing.recall_at_10}


def batches_of(vectors: VectorFile, count: int, more: Vectors) -> Iterator[VectorBatch]:
    """Yield the vectors of a file under their ids from 1, then some more."""
    for start, chunk in vectors.chunks(BLOCK):
        yield range(start + 1, start + 1 + len(chunk)), chunk
    yield range(count + 1, count + 1 + len(more)), more


def make_rows(count: int) -> list[IndexedImage]:
    """Return rows with ids from 1."""
    return [IndexedImage(at + 1, f"{at:07}.jpg", f"{at:064x}", 1, 1, 1, "a caption", 0) for at in range(count)]


def search(out: Path, tenths: dict[str, Vectors], count: int, kept_mb: int) -> dict[str, Any]:
    """Open an index and run the queries one at a time; return times, memory and recall.

    About `kept_mb` of mapped files may stay in memory.
    """
    import faiss  # noqa: F401 (imported before the clock starts, to exclude its time and memory)

    vectors = make_synthetic_vectors(SEED)
    queries = {kind: make_queries(vectors, kind)[:count] for kind in QUERY_KINDS}
    memory = {"with nothing opened": Memory.now()}
    started = time.perf_counter()
    manifest = read_index_manifest(out)
    store, _ = open_stores(out, manifest, kept_bytes=kept_mb << 20)
    opened_s = time.perf_counter() - started
    memory["opened"] = Memory.now()
    time_searches(store, queries["text"][:10])
    memory["after 10 searches"] = Memory.now()
    results = {kind: measure_searches(store, queries[kind], tenths[kind][:count]) for kind in QUERY_KINDS}
    memory[f"after {10 + 2 * count:,} searches"] = Memory.now()
    return {"open_s": opened_s, "memory": memory, "results": results, "manifest": manifest}


def time_searches(store: VectorStore, queries: Vectors) -> tuple[list[tuple[float, float]], Vectors]:
    """Return the seconds of each search, by the clock and of CPU, and the cosines of its hits, (n, 10)."""
    seconds, scores = [], []
    for query in queries:
        started, cpu = time.perf_counter(), time.thread_time()
        scores.append(store.search(query[None], 10)[1][0])
        seconds.append((time.perf_counter() - started, time.thread_time() - cpu))
    return seconds, np.stack(scores)


def measure_searches(store: VectorStore, queries: Vectors, tenth: Vectors) -> dict[str, float]:
    """Return recall@10, the median and 99th percentile of a search in ms, and the median of its CPU time in ms."""
    seconds, scores = time_searches(store, queries)
    (p50, p99), cpu = (
        np.percentile([one for one, _ in seconds], [50, 99]) * 1e3,
        np.median([one for _, one in seconds]) * 1e3,
    )
    # 1e-4 is how much rounding to 16 bits changes a cosine; different pictures are further apart
    return {
        "recall": float(np.mean(scores >= tenth[:, None] - 1e-4)),
        "p50": float(p50),
        "p99": float(p99),
        "cpu": float(cpu),
    }
