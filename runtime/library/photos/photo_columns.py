"""PhotoColumns: all pictures in the order of their dates, as columns of numbers: ids, places, cameras, folders, text.

Owns the form of the catalogue's table `photo_columns`, which a build fills last. Over a million pictures, a filter reads a
few MB of numbers in place of rows. In a catalogue without the table, and of what the table has no column of, the same is
made of the rows when it is first asked for: seconds for a million pictures.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.photo_counts import FOLDER_OF, HAS_TABLE, Kind, PhotoCounts
from runtime.library.picture_text import NO_WORDS

Column = Literal["id", "place", "camera", "folder", "text"]
COUNTED: dict[Column, Kind] = {"place": "place", "camera": "camera", "folder": "folder"}
TEXT_NONE, TEXT_SOME = 1, 2
COLUMNS_SCHEMA = """
    -- Of all pictures, the newest first, those without a date last, among equals the larger id first.
    CREATE TABLE photo_columns (
        -- id; place, camera and folder: which row of photo_counts of this kind, from 1 on, 0 for none;
        -- text: 0 where it was not looked for, 1 where there is none, 2 where there is some
        name TEXT PRIMARY KEY,
        cell_bytes INTEGER NOT NULL,  -- of each picture's cell
        cells BLOB NOT NULL  -- whole numbers without a sign, little-endian
    );
"""
BY_DATE = "SELECT id FROM images LEFT JOIN photo_facts USING (id) ORDER BY taken DESC, id DESC"
WITHOUT_FACTS = "SELECT id FROM images ORDER BY id DESC"
TEXT_CELL = f"CASE words WHEN '{NO_WORDS}' THEN {TEXT_NONE} ELSE {TEXT_SOME} * (words IS NOT NULL) END"
BY_ID: dict[Column, str] = {
    "place": "SELECT place, country FROM images LEFT JOIN photo_facts USING (id) ORDER BY id",
    "camera": "SELECT camera, NULL FROM images LEFT JOIN photo_facts USING (id) ORDER BY id",
    "folder": f"SELECT {FOLDER_OF}, NULL FROM images ORDER BY id",
    "text": f"SELECT {TEXT_CELL} FROM images LEFT JOIN picture_text USING (id) ORDER BY id",
}
STORED_COLUMN = "SELECT cell_bytes, cells FROM photo_columns WHERE name = ?"
TAKEN = "SELECT taken FROM photo_facts WHERE id = ?"
CELL_BYTES = (1, 2, 4, 8)
Cells = NDArray[np.unsignedinteger]
Query = Callable[[str], Iterable[Any]]  # from a query to its rows


class PhotoColumns:
    """The columns of one open catalogue, each read once. Any thread may ask."""

    def __init__(self, catalog: CatalogFile, counts: PhotoCounts) -> None:
        """Keep the catalogue; nothing is read yet."""
        self._catalog, self._counts = catalog, counts
        self._read = lru_cache(partial(_read, catalog, counts))  # no method: it would be a circle

    @property
    def ids(self) -> Cells:
        """The ids of all pictures, (n,)."""
        return self._read("id")

    def of(self, column: Column) -> Cells:
        """Return a column's cells, (n,).

        Raises:
            ArtefactCorrupt: they are damaged.
        """
        cells = self._read(column)
        if len(cells) != len(self.ids):
            raise self._catalog.damage(f"its column {column} is of other pictures")
        return cells

    @property
    def dated(self) -> int:
        """How many pictures have a date; they are the first ones."""
        dated = sum(count.pictures for count in self._counts.of("month") if count.name)
        if dated > len(self.ids):
            raise self._catalog.damage("it counts more pictures by month than there are")
        return dated

    def since(self, date: str) -> int:
        """Return how many pictures have a date that does not sort before this one; they are the first ones."""
        ids = self.ids

        def is_before(at: int) -> bool:
            found = self._catalog.fetch(TAKEN, int(ids[at]))
            if not (found and isinstance(found[0][0], str)):
                raise self._catalog.damage("a date is no text")
            return bool(found[0][0] < date)

        return bisect_left(range(self.dated), True, key=is_before)


def make_ids(query: Query, *, has_facts: bool) -> Cells:
    """Return the column `id`, made of a catalogue's rows; `has_facts` says whether it has facts of photos."""
    return _smallest(image_id for (image_id,) in query(BY_DATE if has_facts else WITHOUT_FACTS))


def make_cells(query: Query, column: Column, ids: Cells, names: Iterable[tuple[str | None, str | None]] = ()) -> Cells:
    """Return another column, made of a catalogue's rows.

    Args:
        query: returns the rows that a query gives.
        column: which.
        ids: the column `id`.
        names: names and countries that the numbers stand for.
    """
    rows = query(BY_ID[column])  # one sort of numbers here takes a fifth of the time of one of rows in SQLite
    if column in COUNTED:
        numbers = {name: number for number, name in enumerate(names, start=1)}
        by_id = _smallest(numbers.get(row, 0) for row in rows)
    else:
        by_id = _smallest(number for (number,) in rows)
    cells = np.empty_like(by_id)
    cells[np.argsort(ids)] = by_id
    return cells


def _smallest(numbers: Iterable[int]) -> Cells:
    """Return numbers as cells of the smallest type that holds them all."""
    cells = np.fromiter(numbers, np.uint64)
    smallest: Cells = cells.astype(np.min_scalar_type(cells.max(initial=0)))
    return smallest


def _read(catalog: CatalogFile, counts: PhotoCounts, column: Column) -> Cells:
    names = [(count.name, count.country) for count in counts.of(COUNTED[column])] if column in COUNTED else []
    stored = catalog.fetch(STORED_COLUMN, column) if catalog.fetch(HAS_TABLE, "photo_columns") else []
    if not stored:
        try:
            ids = make_ids(catalog.fetch, has_facts=counts.has_facts)
            return ids if column == "id" else make_cells(catalog.fetch, column, ids, names)
        except (OverflowError, ValueError) as cause:
            raise catalog.damage("the ids of its pictures are no numbers from 1 on") from cause
    [(cell_bytes, blob)] = stored
    if cell_bytes not in CELL_BYTES or not isinstance(blob, bytes) or len(blob) % cell_bytes:
        raise catalog.damage(f"its column {column} cannot be read")
    cells: Cells = np.frombuffer(blob, f"<u{cell_bytes}")
    if column != "id" and cells.max(initial=0) > (len(names) if column in COUNTED else TEXT_SOME):
        raise catalog.damage(f"its column {column} has numbers that stand for nothing")
    return cells
