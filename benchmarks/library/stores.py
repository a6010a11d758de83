"""Milvus beside FAISS in clusters, over the same vectors, in one run: `python -m benchmarks.library.stores --store URL`.

Asks a Milvus server that runs already. Both answer the queries of the benchmark of large indexes (texts and pictures), one
at a time, in turns; recall is relative to exact search over the vectors before any rounding. Prints Markdown; the collection
and the index are removed.
"""

import argparse
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.library.large_index.steps import QUERY_KINDS, SEED, build, make_queries, measure_searches, tenth_cosines
from benchmarks.library.large_index.synthetic_vectors import DIMENSION, make_synthetic_vectors
from benchmarks.measure.own_process import run_in_own_process
from export.cluster.load.to_milvus import load_milvus
from export.cluster.shards import PICTURES, ShardFile, ShardsManifest, import_pyarrow, pictures_schema
from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest
from runtime.stores.opening import open_engine_folder, open_stores
from runtime.stores.protocols import VectorStore

ROUNDS, QUERIES = 3, 300
Vectors = NDArray[np.float32]


class NoWords:
    """A text tower that says nothing: these captions are all alike, and no calibration is fitted to them."""

    dimension = DIMENSION

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the same direction for every text, (n, d)."""
        return np.tile(np.eye(1, DIMENSION, dtype=np.float32), (len(texts), 1))


class NoModels:
    """What a load is told of the models that made the shards: none did."""

    fingerprint: ClassVar[dict[str, str]] = {}
    encoder = NoWords()


def write_shards(folder: Path, count: int) -> Path:
    """Write synthetic pictures as shards, a file for each block of vectors."""
    pa = import_pyarrow()
    from pyarrow import parquet

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    schema, files = pictures_schema(DIMENSION), list[ShardFile]()
    vectors = make_synthetic_vectors(SEED)
    together = zip(vectors.pictures(count), vectors.texts(count), strict=True)
    start = 0
    for pictures, captions in together:
        rows = range(start, start + len(pictures))
        known = {
            "image_id": [row + 1 for row in rows],
            "path": [f"{row:07}.jpg" for row in rows],
            "sha256": [f"{row:064x}" for row in rows],
            **dict.fromkeys(("width", "height", "bytes", "mtime_ns"), [1] * len(rows)),
            "caption": ["a caption"] * len(rows),
            "embedding": _halves(pictures, schema.field("embedding").type),
            "caption_embedding": _halves(captions, schema.field("embedding").type),
        }
        columns = [pa.array(known[name], field.type) if name in known else pa.nulls(len(rows), field.type)
                   for name, field in zip(schema.names, schema, strict=True)]  # fmt: skip
        name = f"{PICTURES}-{start:08}.parquet"
        parquet.write_table(pa.Table.from_arrays(columns, schema=schema), folder / name)
        files.append(ShardFile(name=name, rows=len(rows)))
        start += len(pictures)
    manifest = ShardsManifest(pictures_dir=".", models={}, dimension=DIMENSION, count=start, pictures=tuple(files))
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return folder


def main() -> None:
    """Load both, ask both in turns, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library.stores")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--store", required=True, help="milvus://HOST:PORT/COLLECTION; the collection is written over")
    parser.add_argument("--folder", type=Path, default=Path("artifacts/stores"), help="where files are written; emptied")
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    tenths = {kind: run_in_own_process(tenth_cosines, given.count, kind)[:QUERIES] for kind in QUERY_KINDS}
    built = run_in_own_process(build, given.folder / "files", given.count, 1)
    shards = write_shards(given.folder / "shards", given.count)
    began = time.perf_counter()
    loaded = load_milvus(shards, given.store, NoModels(), Console(stderr=True))
    load_s = time.perf_counter() - began
    index = read_index_manifest(given.folder / "files")
    folder = open_engine_folder(given.store, None, given.folder / "fetched")
    folder.read_index()
    stores: dict[str, VectorStore] = {
        "FAISS in clusters": open_stores(given.folder / "files", index)[0],
        f"Milvus, ef {loaded.ef}": folder.open_store(),
    }
    print(
        f"{given.count:,} vectors of {DIMENSION} dimensions; written in {built['build_s']:.0f} s, loaded in {load_s:.0f} s\n"
    )
    print("| | queries | recall@10 | p50, ms | p99, ms |\n|---|---|---|---|---|")
    for name, kind, figures in _in_turns(stores, tenths):
        print(f"| {name} | {kind} | {figures['recall']:.3f} | {figures['p50']:.2f} | {figures['p99']:.2f} |")
    shutil.rmtree(given.folder)


def _in_turns(stores: dict[str, VectorStore], tenths: dict[str, Vectors]) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield the figures of each store and kind of query: of `ROUNDS` in turns, the best, as others use the machine, too."""
    vectors = make_synthetic_vectors(SEED)
    queries = {kind: make_queries(vectors, kind)[:QUERIES] for kind in QUERY_KINDS}
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for kind in QUERY_KINDS:
            for name, store in stores.items():
                found.setdefault((name, kind), []).append(measure_searches(store, queries[kind], tenths[kind]))
    for (name, kind), rounds in found.items():
        yield name, kind, min(rounds, key=lambda figures: figures["p50"])


def _halves(vectors: Vectors, kind: object) -> object:
    """Return vectors, (n, d), as a column of 16-bit floats."""
    pa = import_pyarrow()
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), type=kind)


if __name__ == "__main__":
    main()
