"""Filters: from a checked filter to the pictures that it leaves, by columns of facts (`photo_columns.py`).

Nothing is guessed: a picture whose date, place or camera is not known is left out by a filter of it. A picture of which only
the month or the year is known is found by every date that lies in it.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.library.case_folding import fold, folded_words
from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.countries import country_codes
from runtime.library.photos.photo_columns import TEXT_NONE, TEXT_SOME, Column, PhotoColumns
from runtime.library.photos.photo_counts import PhotoCount, PhotoCounts
from runtime.library.photos.where import AFTER_ALL, FilterInvalid, PhotoFactsMissing, Where
from runtime.library.picture_text import HAS_TABLE

Ids = NDArray[np.int64]  # ascending, each once
IsLeft = NDArray[np.bool_]  # (n,), in the order of the columns: by date, the newest first

FILTERS_REMEMBERED = 4  # whose pictures are kept: 9 bytes a picture, so at most 36 MB of a million pictures
CODE_LETTERS = 2
NO_TEXTS = "left out: no text was read in this library's pictures yet (lookwhy index FOLDER --text now)"
TAKEN_OF = "SELECT id, taken FROM photo_facts WHERE taken IS NOT NULL AND id IN (SELECT value FROM json_each(?))"
BEHIND = "\0"  # sorts before all that a date continues with: "2019\0" is between "2019" and "2019-01"
Allowed = Any
"""What the filters of the same library made of a filter: ids, (a,) int64 ascending, each once, where it is in files; a
`Selected` where an engine holds its rows. A store takes that of its own library, and nobody else looks into it."""


class Filters:
    """The filters of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue, and find out what it has."""
        self._catalog = catalog
        self.counts = PhotoCounts(catalog)
        self.columns = PhotoColumns(catalog, self.counts)
        # no methods: they would be circles
        is_left: Callable[[Where], IsLeft] = lru_cache(FILTERS_REMEMBERED)(
            partial(_is_left, catalog, self.counts, self.columns)
        )
        self.is_left = is_left
        """From a `Where` to which pictures it leaves, `IsLeft`. Raises PhotoFactsMissing where the catalogue lacks facts."""
        self.ids: Callable[[Where], Allowed] = lru_cache(FILTERS_REMEMBERED)(partial(_ids, self.columns, is_left))
        """From a `Where` to the `Ids` that it leaves; to a `Selected` where an engine holds the rows. Raises the same."""

    def among(self, ids: Sequence[int], allowed: Allowed) -> list[int]:
        """Return those of some ids, in their order, that a filter leaves, as `ids` made it."""
        return kept_in_order(list(ids), allowed)

    def taken_of(self, ids: Sequence[int]) -> dict[int, str]:
        """Return when pictures were taken, as far as it is known: ISO 8601, local time.

        Raises:
            ArtefactCorrupt: a date is no text.
        """
        rows = self._catalog.fetch(TAKEN_OF, json.dumps(ids)) if self.counts.has_facts else []
        if not all(isinstance(taken, str) for _, taken in rows):  # SQLite gives what a file says
            raise self._catalog.damage("a date is no text")
        return dict(rows)


def kept_in_order(ids: list[int], allowed: Ids) -> list[int]:
    """Return those of some ids, in their order, that are among the allowed ones."""
    some = np.asarray(ids, np.int64)
    at = np.minimum(np.searchsorted(allowed, some), max(allowed.size - 1, 0))
    kept: list[int] = some[allowed[at] == some].tolist() if allowed.size else []
    return kept


def _ids(columns: PhotoColumns, is_left: Callable[[Where], IsLeft], where: Where) -> Ids:
    left = columns.ids[is_left(where)]
    left.sort()  # before it is widened: half the time
    ids: Ids = left.astype(np.int64)
    ids.flags.writeable = False
    return ids


def _is_left(catalog: CatalogFile, counts: PhotoCounts, columns: PhotoColumns, where: Where) -> IsLeft:
    of_facts = tuple(key for key in where.keys if key not in {"folder", "has_text"})
    if of_facts and not counts.has_facts:
        raise PhotoFactsMissing(of_facts)
    is_left = np.ones(len(columns.ids), np.bool_)
    if where.first is not None or where.last is not None:
        is_left &= _in_time(columns, where)
    if where.place is not None:
        is_left &= _have(columns, "place", of_place(counts, where.place))
    if where.camera is not None:
        is_left &= _have(columns, "camera", of_camera(counts.of("camera"), where.camera))
    if where.folder is not None:
        is_left &= _have(columns, "folder", in_folder(counts.of("folder"), where.folder))
    if where.has_text is not None:
        is_left &= _with_text(catalog, columns, where.has_text)
    is_left.flags.writeable = False
    return is_left


def _have(columns: PhotoColumns, column: Column, is_wanted: Iterable[bool]) -> IsLeft:
    """Return which pictures have a wanted name, of all names of a column."""
    wanted = np.array([False, *is_wanted])
    have: IsLeft = wanted[columns.of(column)]
    return have


def _with_text(catalog: CatalogFile, columns: PhotoColumns, has_text: bool) -> IsLeft:
    """Return the pictures in which text was read, or those in which none was; what was not looked at is neither."""
    if not (catalog.fetch(HAS_TABLE) and catalog.fetch("SELECT 1 FROM picture_text LIMIT 1")):
        raise FilterInvalid("has_text", has_text, NO_TEXTS)
    read: IsLeft = columns.of("text") == (TEXT_SOME if has_text else TEXT_NONE)
    return read


def _in_time(columns: PhotoColumns, where: Where) -> IsLeft:
    """Return the pictures whose time, as far as it is known, overlaps that from the first to the last date."""
    in_time = np.zeros(len(columns.ids), np.bool_)
    start = columns.since(where.last + AFTER_ALL) if where.last else 0
    in_time[start : columns.since(where.first) if where.first else columns.dated] = True
    # A picture of "2019" may be of June: each beginning of the first date counts.
    for length in (4, 7):
        if where.first and length < len(where.first):
            shorter = where.first[:length]
            in_time[max(start, columns.since(shorter + BEHIND)) : columns.since(shorter)] = True
    return in_time


def of_place(counts: PhotoCounts, place: str) -> list[bool]:
    """Return which are of a town, of a country, or of both: "Lisbon", "Portugal", "Lisbon, Portugal", "Lisbon, PT"."""
    town, comma, country = place.rpartition(",")
    if comma and (code := code_of(country)) and folded_words(town):
        towns = counts.towns_named(town)
        return [count.country == code and count.name in towns for count in counts.of("place")]
    code, towns = code_of(place), counts.towns_named(place)
    of_country = [code is not None and count.country == code for count in counts.of("place")]
    return [of_it or count.name in towns for of_it, count in zip(of_country, counts.of("place"), strict=True)]


def code_of(country: str) -> str | None:
    """Return the code of a country, given by a name or by its code."""
    code = country.strip().upper()
    if len(code) == CODE_LETTERS and code in country_codes().values():
        return code
    return country_codes().get(folded_words(country))


def of_camera(counts: Sequence[PhotoCount], camera: str) -> list[bool]:
    """Return which cameras' names have all the wanted words."""
    wanted = set(folded_words(camera))
    return [wanted <= set(folded_words(count.name or "")) for count in counts]


def in_folder(counts: Sequence[PhotoCount], wanted: str) -> list[bool]:
    """Return which folders have the wanted names one within the other, anywhere in their path."""
    names = [fold(name) for name in wanted.split("/")]
    return [any(one == names for one in _successive(folder_names(count), len(names))) for count in counts]


def _successive(names: Sequence[str], length: int) -> list[Sequence[str]]:
    return [names[start : start + length] for start in range(len(names) - length + 1)]


def folder_names(count: PhotoCount) -> list[str]:
    """Return the folded names of a folder and those above it, the outermost first."""
    return [fold(name) for name in (count.name or "").split("/")[:-1]]
