"""Times and size of the full-text index over a synthetic catalogue: python -m benchmarks.library.full_text --rows 1000000.

Captions are noun phrases over made-up words whose frequencies follow Zipf's law, as those of real texts do; files are named
as cameras name them. Searches run on one thread, through the same call as the server's.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from benchmarks.measure.timing import duration_ms
from export.index.catalog import Catalog, IndexedImage, write_catalog, write_text
from runtime.library.catalog import Library
from runtime.search.text_search import find_by_words, which_are_named

SEED = 3
VOCABULARY, WORDS_A_CAPTION = 20_000, 6
QUERIES, ROUNDS, LIMIT = 40, 5, 100
APART = ("indoors", "outdoors")  # each is the end of every tenth caption, and they never stand together
COMMON_SHARE, RARE_MAX = 0.1, 100
SYLLABLES = [first + vowel for first, vowel in product("bdfghklmnprtvz", "aeiou")]


@dataclass(frozen=True)
class SyntheticLibrary:
    """Rows as an index build gives them, and in how many captions each word stands."""

    rows: list[IndexedImage]
    frequencies: Counter[str]


def main(rows: Annotated[int, typer.Option(min=10_000, help="How many pictures.")] = 1_000_000) -> None:
    """Print what the index adds to a build and to the catalogue, and a Markdown table of times."""
    library = make_library(rows)
    with TemporaryDirectory() as folder:
        catalog = Path(folder) / "catalog.sqlite"
        write_s = duration_ms(partial(write_catalog, catalog, Catalog(library.rows, next_id=rows + 1))) / 1e3
        text_s, text_bytes = write_alone(Path(folder) / "text.sqlite", library.rows)
        whole_bytes = catalog.stat().st_size
        print(f"{rows:,} pictures; SQLite {sqlite3.sqlite_version}")
        text_us = text_s / rows * 1e6
        print(f"catalogue written in {write_s:.1f} s; full text alone in {text_s:.1f} s, {text_us:.0f} µs a picture")
        print(f"{whole_bytes / rows:.0f} bytes a picture, of which full text {text_bytes / rows:.0f}\n")
        print_times(Library(catalog, Path(folder)), make_queries(library))
    print(f"\n`named`: {named_us(library.rows[:1000]):.0f} µs a hit")


def make_library(count: int) -> SyntheticLibrary:
    """Return a library of noun phrases, the same at every run."""
    rng = np.random.default_rng(SEED)
    weights = 1 / np.arange(1, VOCABULARY + 1)
    steps = np.cumsum(weights / weights.sum())
    words = made_up_words(rng)
    rows: list[IndexedImage] = []
    frequencies: Counter[str] = Counter()
    for at in range(count):
        drawn = [words[rank] for rank in np.searchsorted(steps, rng.random(WORDS_A_CAPTION))]
        if at % 10 < len(APART):
            drawn.append(APART[at % 10])
        frequencies.update(set(drawn))
        caption = "a {} {} with a {} {} on the {} {} {}".format(*drawn, *[""] * (7 - len(drawn))).strip()
        path = f"holiday{2000 + at // 40_000}/IMG_{at % 10_000:04}-{at}.jpg"
        rows.append(IndexedImage(at + 1, path, f"{at:064x}", 2_000_000, 4032, 3024, caption, 0))
    return SyntheticLibrary(rows, frequencies)


def made_up_words(rng: np.random.Generator) -> list[str]:
    """Return the vocabulary, each word of three or four syllables, in no order that its spelling would tell."""
    spelled = ["".join(syllables) for syllables in product(SYLLABLES, repeat=3)]
    longer = [word + SYLLABLES[rng.integers(len(SYLLABLES))] for word in spelled]
    chosen = rng.permutation(len(spelled))[:VOCABULARY]
    return [(longer if at % 2 else spelled)[at] for at in chosen]


def write_alone(path: Path, rows: Sequence[IndexedImage]) -> tuple[float, int]:
    """Return the seconds and the bytes of the full text alone, in a file of its own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        taken_s = duration_ms(partial(write_text, connection, rows)) / 1e3
    return taken_s, path.stat().st_size


def make_queries(library: SyntheticLibrary) -> dict[str, list[str]]:
    """Return some queries of each kind."""
    count = len(library.rows)
    ordered = [word for word, _ in library.frequencies.most_common() if word not in APART]
    common = sorted(ordered, key=lambda word: abs(library.frequencies[word] - COMMON_SHARE * count))[:10]
    rare = [word for word in ordered if library.frequencies[word] <= RARE_MAX * count / 1e6 + 2][:QUERIES]
    middle = ordered[200 : 200 + QUERIES]
    rng = np.random.default_rng(SEED)
    picked = [library.rows[at] for at in rng.integers(0, count, QUERIES)]
    return {
        "rare word": rare,
        "common word": common,
        "two common words": [" ".join(pair) for pair in pairwise(common)],
        "two common words, never together": [" ".join(APART)],
        "common and rare word": [" ".join(pair) for pair in zip(common, rare, strict=False)],
        "a whole caption": [row.caption or "" for row in picked],
        "name of a file (`IMG_4711`)": [row.image_path.split("/")[1].split("-")[0] for row in picked],
        "folder and year (`holiday 2019`)": [f"holiday {2000 + at % 25}" for at in range(min(25, count // 40_000 + 1))],
        "beginning of a word, 3 letters": [word[:3] for word in middle],
        "beginning of a word, 5 letters": [word[:5] for word in middle],
        "common word and a beginning": [f"{word} {other[:4]}" for word, other in zip(common, middle, strict=False)],
        "words never together and a beginning": [f"{' '.join(APART)} {word[:4]}" for word in middle],
        "no match": [f"qx{word}" for word in middle],
    }


def print_times(library: Library, queries: dict[str, list[str]]) -> None:
    """Print a line for each kind of query; the first round is not counted."""
    print("| query | pictures found, at most 100 | p50 ms | p95 ms |\n|---|---|---|---|")
    for kind, texts in queries.items():
        found = int(np.median([len(find_by_words(library, text, LIMIT)) for text in texts]))
        taken_ms = list(times_ms(library, texts))
        p50, p95 = np.percentile(taken_ms, [50, 95])
        print(f"| {kind} | {found} | {p50:.2f} | {p95:.2f} |")


def times_ms(library: Library, texts: Sequence[str]) -> Iterator[float]:
    """Yield how long each search takes, in each round."""
    for _ in range(max(ROUNDS, 100 // len(texts))):
        for text in texts:
            yield duration_ms(partial(find_by_words, library, text, LIMIT))


def named_us(rows: Sequence[IndexedImage]) -> float:
    """Return how long it takes, in microseconds, to tell whether a file's name states a query."""
    started = time.perf_counter()
    for row in rows:
        which_are_named([row], "IMG_0500")
    return (time.perf_counter() - started) / len(rows) * 1e6


if __name__ == "__main__":
    typer.run(main)
