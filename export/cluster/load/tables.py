"""The small tables of a library that an engine holds: counts, words of captions, examples; an SQLite file of a few MB.

They have the form of a catalogue whose rows are elsewhere (`runtime/library/remote/library.py`).
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from export.index.captions.example_queries import write_examples
from export.index.captions.words import UsedWords
from export.index.catalog import Catalog, write_catalog
from export.index.photos.places import Named
from runtime.library.photos.photo_counts import KINDS, Kind
from runtime.library.remote.filter_condition import folder_of

MONTH_CHARS = len("2019-06")
INSERT = "INSERT INTO photo_counts (kind, name, country, pictures) VALUES (?, ?, ?, ?)"


class NameCounts:
    """How many pictures have each name of a kind, counted as they come: what `photo_counts.py` counts in a catalogue."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Counter[tuple[str | None, str | None]]] = {kind: Counter() for kind in KINDS}

    def add(self, path: str, taken: str | None, place: str | None, country: str | None, camera: str | None) -> None:
        """Count a picture."""
        self._counts["month"][taken and taken[:MONTH_CHARS], None] += 1
        self._counts["folder"][folder_of(path), None] += 1
        if place is not None or country is not None:
            self._counts["place"][place, country] += 1
        if camera is not None:
            self._counts["camera"][camera, None] += 1

    @property
    def towns(self) -> set[Named]:
        """The towns that pictures are of, each with its country."""
        return {(town, country) for town, country in self._counts["place"] if town is not None and country is not None}

    def rows(self) -> Iterable[tuple[str, str | None, str | None, int]]:
        """Yield the rows of the table, each kind's in the order of the names, unknown ones first."""
        for kind, counts in self._counts.items():
            in_order = sorted(counts, key=lambda named: tuple((part is not None, part or "") for part in named))
            yield from ((kind, *named, counts[named]) for named in in_order)


def write_tables(
    path: Path,
    counts: NameCounts,
    *,
    used_words: UsedWords | None = None,
    examples: Iterable[str] = (),
    town_names: Mapping[Named, tuple[str, ...]] | None = None,
) -> None:
    """Write the tables to a new file.

    Raises:
        sqlite3.OperationalError: the disk is full, or the folder cannot be written.
    """
    write_catalog(path, Catalog(town_names=town_names or {}), used_words)
    write_examples(path, examples)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM photo_counts")
        connection.executemany(INSERT, counts.rows())
        connection.execute("COMMIT")
        connection.execute("VACUUM")
