"""A library of a million pictures: `make bench-large`, or `python -m benchmarks.large_index --count 100000` for a try.

Builds through the code that `export index` publishes with, opens as the runtime does, and searches on one thread; the flat
form stands beside it. Vectors come from `large_world.py`; truth is exact search over them as they were made, before any
rounding. Every step runs in a process of its own, for its memory. Prints Markdown; leaves nothing but that.
"""

import argparse
import io
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.alone import alone
from benchmarks.large_world import BLOCK, DIMENSION, World, make_world
from benchmarks.memory import Memory, Peak
from export.index.catalog import Catalog, IndexedImage
from export.index.generation import NextGeneration, publish
from runtime.artefacts.manifest import IndexManifest, read_index_manifest
from runtime.stores.opening import open_stores
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import VectorBatch

SEED = 7
QUERIES, FLAT_QUERIES = 1_000, 30
ASKED = ("text", "picture")
Vectors = NDArray[np.float32]


def main() -> None:
    """Build, search, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_index")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("artifacts/large"), help="where indexes are built; emptied")
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    truths = {asked: alone(exact_tens, given.count, asked) for asked in ASKED}
    figures = []
    for form, ivf_from in (("clusters", 1), ("flat", given.count + 1)):
        print(f"building: {form}", file=sys.stderr)
        out = given.folder / form
        built = alone(build, out, given.count, ivf_from)
        figures.append(built | alone(search, out, truths, QUERIES if form == "clusters" else FLAT_QUERIES))
        shutil.rmtree(out)
    print(told(given.count, *figures))


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


def told(count: int, large: dict[str, Any], flat: dict[str, Any]) -> str:
    """Return the tables."""
    index: IndexManifest = large["manifest"]
    probing = index.probing
    lines = [
        f"{count:,} pictures and as many captions, {DIMENSION} dimensions, seed {SEED}; one thread.",
        "",
        f"The manifest says: {probing.model_dump() if probing else None}.",
        "",
        "| | clusters | flat |",
        "|---|---|---|",
    ]
    for asked in ASKED:
        one, other = large["results"][asked], flat["results"][asked]
        lines.append(f"| recall@10, {asked} queries | {one['recall']:.3f} | {other['recall']:.3f} |")
        lines.append(f"| p50 / p99 ms | {_times(one)} | {_times(other)} |")
    lines.append(f"| open, ms | {large['open_s'] * 1e3:.0f} | {flat['open_s'] * 1e3:.0f} |")
    for moment, other_moment in zip(large["memory"], flat["memory"], strict=True):
        lines.append(f"| memory {moment} | {large['memory'][moment]} | {flat['memory'][other_moment]} |")
    lines.append(f"| build, s | {large['build_s']:.0f} | {flat['build_s']:.0f} |")
    lines.append(f"| memory before building | {large['before']} | {flat['before']} |")
    lines.append(f"| most memory while building | {large['peak']} | {flat['peak']} |")
    lines.append(f"| files | {_files(large['sizes'])} | {_files(flat['sizes'])} |")
    return "\n".join(lines)


def _times(result: dict[str, float]) -> str:
    return f"{result['p50']:.2f} / {result['p99']:.2f}"


def _files(sizes: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.items())


if __name__ == "__main__":
    main()
