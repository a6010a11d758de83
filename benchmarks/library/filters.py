"""Recall and time of filtered searches; the timeline: python -m benchmarks.library.filters --vectors 100000 --rows 1000000.

Searches for texts among pictures (synthetic vectors with CLIP's modality gap), flat and in clusters, one at a time, on one
thread. A filter leaves pictures from all over the library ("spread"), or those most like one of them ("together"), as an
event or a place does. Recall@10 is relative to brute force over the same vectors.
"""

import io
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.library.large_index.steps import SEED, with_ids
from benchmarks.library.large_index.synthetic_vectors import BLOCK, DIMENSION, SyntheticVectors, make_synthetic_vectors
from benchmarks.measure.timing import duration_ms
from export.index.photos.counts import write_photo_counts
from export.index.vectors.clusters import write_ivf
from export.index.vectors.nprobe import choose_probing
from runtime.library.catalog import Library
from runtime.library.image_rows import CATALOG_SCHEMA
from runtime.library.photos.photo_facts import PHOTO_FACTS_SCHEMA
from runtime.library.photos.where import Where
from runtime.library.picture_text import PICTURE_TEXT_SCHEMA
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import VectorFile, write_vectors

QUERIES, CAPTIONS, ROUNDS = 60, 2_000, 5
SELECTIVITIES = (0.5, 0.05, 0.005)
TOWNS, CAMERAS, YEARS = 500, 30, 20
Vectors = NDArray[np.float32]


def main(
    vectors: Annotated[int, typer.Option(min=10_000, help="How many vectors.")] = 100_000,
    rows: Annotated[int, typer.Option(min=10_000, help="How many rows the catalogue has.")] = 1_000_000,
) -> None:
    """Print both tables in Markdown."""
    with TemporaryDirectory() as folder:
        print_searches(Path(folder), vectors)
        print_pages(Path(folder), rows)


def print_searches(folder: Path, count: int) -> None:
    """Print recall@10 and the median time of a search, with and without filters."""
    synthetic = make_synthetic_vectors(SEED)
    pictures = write_vectors(folder / "vectors.f16", DIMENSION, with_ids(synthetic.pictures(count)))
    whole = np.concatenate([chunk for _, chunk in pictures.chunks(BLOCK)])  # (n, d)
    queries = next(synthetic.texts(BLOCK, wording=1))[:QUERIES]
    scores = queries @ whole.T  # (q, n)
    flat = FlatStore(DIMENSION)
    flat.add(range(1, count + 1), whole)
    stores: dict[str, VectorStore] = {"flat": flat, "clusters": clustered(folder, pictures, synthetic)}
    print(f"\n{count:,} vectors, {QUERIES} texts\n")
    print("| pictures left | which | store | recall@10 | ms a search |\n|---|---|---|---|---|")
    everything = np.arange(1, count + 1)
    for name, store in stores.items():
        print_row("all", "", name, *measured(store, queries, scores, everything, None))
    for which, order in (
        ("spread", np.random.default_rng(SEED).permutation(count)),
        ("together", np.argsort(-(whole @ whole[7]))),
    ):
        for share in SELECTIVITIES:
            allowed = np.sort(order[: round(share * count)]) + 1
            for name, store in stores.items():
                print_row(f"{share:.1%}", which, name, *measured(store, queries, scores, allowed, allowed))


def clustered(folder: Path, pictures: VectorFile, synthetic: SyntheticVectors) -> ClusteredStore:
    """Return the store that a build makes of the pictures, with the search parameters that it measures."""
    silent = Console(file=io.StringIO())
    write_ivf(folder / "index.faiss", pictures, silent)
    captions = write_vectors(folder / "captions.f16", DIMENSION, with_ids(synthetic.texts(CAPTIONS)))
    index = MappedIvf.open(folder / "index.faiss", DIMENSION, pictures.count)
    chosen = choose_probing(index, pictures, captions, silent)
    print(f"{chosen.nlist:,} clusters, {chosen.nprobe} of them scanned; {chosen.rescored} rows scored again per ten hits")
    return ClusteredStore(index, pictures, nprobe=chosen.nprobe, rescored=chosen.rescored)


def measured(
    store: VectorStore, queries: Vectors, scores: Vectors, left: NDArray[np.int64], allowed: NDArray[np.int64] | None
) -> tuple[float, float]:
    """Return recall@10 among the pictures that are left, and the median of a search in ms."""
    shares, spent_ms = [], []
    for query, own in zip(queries, scores, strict=True):
        started = time.perf_counter()
        _, found = store.search(query[None], 10, allowed=allowed)
        spent_ms.append((time.perf_counter() - started) * 1e3)
        tenth = np.partition(own[left - 1], -10)[-10]
        shares.append(float(np.mean(found[0] >= tenth - 1e-5)))  # of equal pictures, any will do
    return float(np.mean(shares)), float(np.median(spent_ms))


def print_row(*cells: str | float) -> None:
    """Print a row of a Markdown table."""
    print("| " + " | ".join(cell if isinstance(cell, str) else f"{cell:.3g}" for cell in cells) + " |", flush=True)


def print_pages(folder: Path, count: int) -> None:
    """Print how long the timeline, pages and filters of a catalogue take."""
    path = folder / "catalog.sqlite"
    counted_s = write_facts(path, count)
    size = path.stat().st_size / count
    print(f"\n{count:,} rows; counts and indexes written in {counted_s:.1f} s; {size:.0f} bytes a picture in all\n")
    print("| asked for | first, ms | again, ms |\n|---|---|---|")
    middle = count // 2
    decade, town = Where("2008", "2017"), Where(place="Town 7")
    calls: dict[str, Callable[[Library], object]] = {
        "timeline": lambda opened: opened.pages.timeline(None),
        "timeline of ten years": lambda opened: opened.pages.timeline(decade),
        "timeline of a town": lambda opened: opened.pages.timeline(town),
        "ids of ten years": lambda opened: opened.filters.ids(decade),
        "ids of a town": lambda opened: opened.filters.ids(town),
        "timeline of a country": lambda opened: opened.pages.timeline(Where(place="Portugal")),
        "timeline of a camera": lambda opened: opened.pages.timeline(Where(camera="model 3")),
        "timeline of a folder": lambda opened: opened.pages.timeline(Where(folder="event 7")),
        "timeline of text": lambda opened: opened.pages.timeline(Where(has_text=True)),
        "ids of a camera": lambda opened: opened.filters.ids(Where(camera="model 3")),
        "ids of a folder": lambda opened: opened.filters.ids(Where(folder="event 7")),
        "folders": lambda opened: opened.folders.of(None),
        "folders of ten years": lambda opened: opened.folders.of(decade),
        "a page of 60, the first": lambda opened: opened.pages.page("date", 60),
        "a page of 60, from the middle": lambda opened: opened.pages.page("date", 60, offset=middle),
        "a page of 60, of a town": lambda opened: opened.pages.page("date", 60, where=town),
        "a page of 60, from the middle, of ten years": lambda opened: opened.pages.page(
            "date", 60, offset=count // 4, where=decade
        ),
        "a page of 60 by path": lambda opened: opened.pages.page("path", 60, offset=middle),
    }
    for name, call in calls.items():
        opened = [Library(path, folder) for _ in range(ROUNDS)]
        firsts = [duration_ms(partial(call, one)) for one in opened]
        again = [duration_ms(partial(call, one)) for one in opened]
        print_row(name, float(np.median(firsts)), float(np.median(again)))


def write_facts(path: Path, count: int) -> float:
    """Write a catalogue as a build does, with facts of 19 pictures in 20; return the seconds that counting took."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + CATALOG_SCHEMA + PHOTO_FACTS_SCHEMA
        )
        connection.execute("BEGIN")
        columns = "id, image_path, sha256, bytes, mtime_ns, width, height, caption"
        rows = ((at, f"event {at // 250}/IMG_{at:07}.jpg", f"{at:064x}", 1, 0, 1, 1, "") for at in range(1, count + 1))
        connection.executemany(f"INSERT INTO images ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        facts = "INSERT INTO photo_facts (id, taken, camera, place, country) VALUES (?, ?, ?, ?, ?)"
        connection.executemany(facts, made_up_facts(count))
        texts = ((at, "reader", "[]" if at % 3 else '[["A",0,0,1,1]]') for at in range(1, count + 1))
        connection.execute(PICTURE_TEXT_SCHEMA)
        connection.executemany("INSERT INTO picture_text VALUES (?, ?, ?)", texts)
        connection.execute("COMMIT")
        return duration_ms(lambda: write_photo_counts(connection)) / 1e3


def made_up_facts(count: int) -> Iterator[tuple[int, str, str, str | None, str | None]]:
    """Yield an id, when, with which camera and where each photo was taken; pictures are sorted by date, roughly."""
    rng = np.random.default_rng(SEED)
    for at in range(1, count + 1):
        if at % 20 == 0:
            continue
        month, day, second, camera, town = rng.integers([12, 28, 60, CAMERAS, TOWNS]).tolist()
        year = 2005 + at * YEARS // (count + 1)
        taken = f"{year}-{month + 1:02}-{day + 1:02}T12:00:{second:02}"
        yield at, taken, f"Maker Model {camera}", f"Town {town}", "PT" if town % 2 else "FR"


if __name__ == "__main__":
    typer.run(main)
