"""What is known of a photo beside its pixels: when, where and with what it was taken, and what people wrote to it.

Owns the form of the catalogue's table `photo_facts`, and reads it; `export/index/photos/` fills it. An earlier version's
has none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from runtime.library.catalog_file import CatalogFile, read_captions

PHOTO_FACTS_SCHEMA = """
    -- One row a picture of which anything is known; each column is NULL where it is not.
    CREATE TABLE photo_facts (
        id INTEGER PRIMARY KEY,  -- of the table images
        taken TEXT,  -- local time as written, ISO 8601, as far as known: 2019, 2019-06, 2019-06-02, 2019-06-02T14:03:22
        taken_source TEXT,  -- sidecar, exif, exif_digitized, xmp, iptc, takeout, name, exif_modified or mtime
        offset_minutes INTEGER,  -- of local time from UTC; never guessed; 0 where only the time in UTC is known
        camera TEXT,  -- maker and model
        latitude REAL,  -- degrees, north is positive
        longitude REAL,  -- degrees, east is positive
        place TEXT,  -- the town there, or the nearest
        country TEXT,  -- ISO 3166-1, two letters
        keywords TEXT,  -- a JSON list
        rating INTEGER  -- 0 to 5
    );
    CREATE INDEX photo_facts_taken ON photo_facts (taken);
"""
PHOTO_FACTS_COLUMNS = (
    "taken, taken_source, offset_minutes, camera, latitude, longitude, place, country, keywords, rating"  # beside the id
)


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """One photo's facts, as the table holds them; None where nothing is known."""

    taken: str | None = None
    taken_source: str | None = None
    offset_minutes: int | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: str | None = None
    country: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None


NO_FACTS = PhotoFacts()
TAKEN = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d)?)?)?")
TEXT, WHOLE, REAL = (str, NoneType), (int, NoneType), (float, NoneType)
KINDS = (TEXT, TEXT, WHOLE, TEXT, REAL, REAL, TEXT, TEXT, TEXT, WHOLE)  # of the columns, in their order


class PhotoFactsTable:
    """The facts in one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue; of one that has no such table, nothing is known."""
        self._catalog = catalog
        self._is_there = bool(catalog.fetch("SELECT 1 FROM sqlite_master WHERE name = 'photo_facts'"))

    def of(self, ids: Sequence[int]) -> list[PhotoFacts]:
        """Return what is known of pictures, in the order of their ids.

        Raises:
            ArtefactCorrupt: the catalogue is damaged.
        """
        if not self._is_there or not ids:
            return [NO_FACTS] * len(ids)
        query = f"SELECT id, {PHOTO_FACTS_COLUMNS} FROM photo_facts WHERE id IN ({', '.join('?' * len(ids))})"
        found = {one: facts_of_row(columns) for one, *columns in self._catalog.fetch(query, *ids)}
        if None in found.values():
            raise self._catalog.damage("the facts of a photo have a value of another kind")
        return [found.get(one) or NO_FACTS for one in ids]


def facts_of_row(columns: Sequence[Any]) -> PhotoFacts | None:
    """Return the facts in a row of `PHOTO_FACTS_COLUMNS`; None where a value is of another kind."""
    if not all(map(isinstance, columns, KINDS)):
        return None
    taken, source, offset, camera, latitude, longitude, place, country, keywords, rating = columns
    if (taken is not None and not TAKEN.fullmatch(taken)) or not (rating is None or 0 <= rating <= 5):
        return None
    try:
        words = read_captions(keywords)
    except (ValueError, TypeError, RecursionError):
        return None
    return PhotoFacts(taken, source, offset, camera, latitude, longitude, place, country, words, rating)
