"""Copies and bursts of a whole library, found when its catalogue has been written, and put into it.

Owns the order of the steps: pictures to contents, contents to copies, the first of each to bursts. Runs no model.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.index.photos.bursts import STRANGERS_SAMPLED, group_bursts, strangers_cosine
from export.index.photos.copies import Taken, group_contents, near_among_all, near_among_pairs
from export.index.photos.signatures import Signatures
from runtime.library.copies import COPIES_SCHEMA
from runtime.library.image_rows import ImageRow
from runtime.stores.protocols import VectorSource

# What the sources of `taken` in the table `photo_facts` count by: a camera's local time, or Google's UTC. What is not named
# here is no time at which a photo was taken, such as when its file was written.
CLOCKS = dict.fromkeys(("sidecar", "exif", "exif_digitized", "xmp", "iptc"), "camera") | {"takeout": "takeout"}
SECONDS_LENGTH = len("2019-06-02T14:03:22")
ID_TYPE = np.int64
RowPairs = Callable[[], NDArray[np.int64]]
"""Pairs of rows of a large library that may be copies, (p, 2); rows are counted in the order of their ids."""


@dataclass(frozen=True)
class Groups:
    """For each picture that is not the first of its group the id of that, by id."""

    copies: Mapping[int, int]
    bursts: Mapping[int, int]


class PictureGroups:
    """Finds the groups of one build's catalogues; those of the catalogue before are taken again where nothing differs."""

    def __init__(self, signatures: Signatures) -> None:
        """Keep what pictures are compared by."""
        self._signatures = signatures
        self._found: tuple[object, Groups] | None = None

    def write(
        self, catalog: Path, rows: Sequence[ImageRow], vectors: VectorSource, row_pairs: RowPairs | None = None
    ) -> None:
        """Write the groups into a catalogue that has none.

        Args:
            catalog: the file, with the rows and, where there are any, the facts of photos.
            rows: its rows, by id.
            vectors: theirs.
            row_pairs: in a large library, which pairs are compared; None compares all.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        with closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
            taken = _read_taken(connection)
            key = [(row.id, row.sha256, row.sha256 in self._signatures) for row in rows], taken
            if self._found is None or self._found[0] != key:
                self._found = key, self._find(rows, taken, vectors, row_pairs)
            groups = self._found[1]
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + COPIES_SCHEMA)
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO copies VALUES (?, ?)", sorted(groups.copies.items()))
            connection.executemany("INSERT INTO bursts VALUES (?, ?)", sorted(groups.bursts.items()))
            connection.execute("COMMIT")

    def _find(
        self, rows: Sequence[ImageRow], taken: Mapping[int, Taken], vectors: VectorSource, row_pairs: RowPairs | None
    ) -> Groups:
        ordered = sorted(rows, key=lambda row: _shown_first(row, taken.get(row.id)))
        of_content: dict[str, ImageRow] = {}
        for row in ordered:
            of_content.setdefault(row.sha256, row)
        compared = [row for row in of_content.values() if row.sha256 in self._signatures]
        contents = [row.sha256 for row in compared]
        hashes = self._signatures.hashes_of(contents)
        pairs = None if row_pairs is None else _numbered(row_pairs(), rows, contents)
        firsts = group_contents(
            near_among_all(hashes) if pairs is None else near_among_pairs(hashes, pairs),
            [taken.get(row.id) for row in compared],
            lambda numbers: self._signatures.greys_of([contents[number] for number in numbers]),
        )
        first_of = {sha256: compared[first] for sha256, first in zip(contents, firsts.tolist(), strict=True)}
        shown = {row.id: first_of.get(row.sha256, of_content[row.sha256]).id for row in rows}
        copies = {image_id: first for image_id, first in shown.items() if image_id != first}
        alone = [(row, hashes[at]) for at, row in enumerate(compared) if firsts[at] == at]
        return Groups(copies, _find_bursts([row.id for row, _ in alone], [one for _, one in alone], taken, vectors))


def _find_bursts(
    ids: Sequence[int], hashes: Sequence[np.uint64], taken: Mapping[int, Taken], vectors: VectorSource
) -> dict[int, int]:
    all_ids, all_hashes = np.array(ids, ID_TYPE), np.array(hashes, np.uint64)
    all_seconds = np.array([_seconds(taken.get(one)) for one in ids], np.float64)
    dated = np.nonzero(~np.isnan(all_seconds))[0]
    dated = dated[np.lexsort((all_ids[dated], all_seconds[dated]))]
    if len(dated) < 2:
        return {}
    some = np.unique(np.linspace(0, len(ids) - 1, min(len(ids), STRANGERS_SAMPLED)).astype(np.int64))
    strangers = strangers_cosine(vectors.vectors_of(all_ids[some].tolist()), all_hashes[some], all_seconds[some])
    in_order = all_ids[dated]

    def vectors_of(numbers: Sequence[int]) -> NDArray[np.float32]:
        return vectors.vectors_of(in_order[list(numbers)].tolist())

    firsts = group_bursts(all_seconds[dated], all_hashes[dated], vectors_of, strangers)
    return {int(one): int(in_order[first]) for one, first in zip(in_order, firsts, strict=True) if in_order[first] != one}


def _shown_first(row: ImageRow, taken: Taken | None) -> tuple[int, bool, float, int, int]:
    """Return what puts that picture first which is shown for its copies: the largest, the dated one, the oldest file."""
    age = row.mtime_ns if row.mtime_ns is not None and row.mtime_ns >= 0 else np.inf  # below 0: not known, or gone
    return -row.width * row.height, taken is None, age, -row.bytes, row.id


def _numbered(pairs: NDArray[np.int64], rows: Sequence[ImageRow], contents: Sequence[str]) -> NDArray[np.int64]:
    """Return pairs of rows as pairs of contents by number, without those that are not compared."""
    number_of = {sha256: number for number, sha256 in enumerate(contents)}
    numbers = np.array([number_of.get(row.sha256, -1) for row in sorted(rows, key=lambda row: row.id)], np.int64)
    of_contents = numbers[pairs]
    return of_contents[(of_contents > -1).all(axis=1)]


def _read_taken(connection: sqlite3.Connection) -> dict[int, Taken]:
    """Return when photos were taken, by id, as far as a clock said it."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'photo_facts'").fetchall():
        return {}
    rows = connection.execute("SELECT id, taken, taken_source FROM photo_facts WHERE taken IS NOT NULL ORDER BY id")
    return {image_id: Taken(text, CLOCKS[source]) for image_id, text, source in rows if source in CLOCKS}


def _seconds(taken: Taken | None) -> float:
    """Return a time as seconds, NaN where it is not known to the second. Only those by one clock are far enough apart."""
    if taken is None or len(taken.text) != SECONDS_LENGTH:
        return np.nan
    try:
        return datetime.fromisoformat(taken.text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return np.nan
