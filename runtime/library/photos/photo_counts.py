"""How many pictures there are of each month, place, camera and folder: what a filter may name, and the timeline.

Owns the form of the catalogue's table `photo_counts`, which a build fills last. In a catalogue without it, the same is
counted when it is first asked for, and so is a kind that the table has none of: seconds over a million pictures, where the
table takes milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Literal, get_args

from runtime.library.case_folding import folded_words
from runtime.library.catalog_file import CatalogFile
from runtime.library.photos.countries import country_codes
from runtime.library.photos.town_names import read_town_names

Kind = Literal["month", "place", "camera", "folder"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COUNTS_SCHEMA = """
    CREATE TABLE photo_counts (
        kind TEXT NOT NULL,  -- month, place, camera or folder
        name TEXT,  -- 2019-06, 2019, NULL for no date; a town, NULL where only the country is known; 2019/holiday/
        country TEXT,  -- of a place
        pictures INTEGER NOT NULL
    );
"""
# What is left of a path when all that stands behind its last slash is taken off.
FOLDER_OF = "rtrim(image_path, replace(image_path, '/', ''))"
COUNT: Mapping[Kind, str] = {
    "month": "SELECT substr(taken, 1, 7), NULL, count(*) FROM images LEFT JOIN photo_facts USING (id) GROUP BY 1",
    "place": "SELECT place, country, count(*) FROM photo_facts WHERE country IS NOT NULL OR place IS NOT NULL GROUP BY 1, 2",
    "camera": "SELECT camera, NULL, count(*) FROM photo_facts WHERE camera IS NOT NULL GROUP BY 1",
    "folder": f"SELECT {FOLDER_OF}, NULL, count(*) FROM images GROUP BY 1",
}
STORED = "SELECT name, country, pictures FROM photo_counts WHERE kind = ? ORDER BY rowid"
HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"


@dataclass(frozen=True, slots=True)
class PhotoCount:
    """How many pictures have one name of a kind.

    `name` is None for pictures without a date, and for a place of which only the country is known.
    """

    name: str | None
    country: str | None
    pictures: int


class PhotoCounts:
    """The counts of one open catalogue, each kind read once. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue, and find out what it has."""
        self.has_facts = bool(catalog.fetch(HAS_TABLE, "photo_facts"))
        is_stored = bool(catalog.fetch(HAS_TABLE, "photo_counts"))
        self._read = lru_cache(partial(_read, catalog, is_stored))  # no method: it would be a circle
        self._catalog = catalog

    def of(self, kind: Kind) -> tuple[PhotoCount, ...]:
        """Return the counts of a kind; none of what only facts of photos tell, where the catalogue has no facts."""
        return self._read(kind) if self.has_facts or kind == "folder" else ()

    def towns_named(self, name: str) -> tuple[str, ...]:
        """Return the towns of a name, as the catalogue writes them; where it has none, those that are also called so."""
        wanted = folded_words(name)
        own = {count.name for count in self.of("place") if count.name and folded_words(count.name) == wanted}
        return tuple(sorted(own or self._town_names.get(wanted, frozenset())))

    def has_place(self, place: str) -> bool:
        """Return whether a picture is of this town or country, or of "Lisbon, Portugal"."""
        towns, countries = self._places
        town, comma, country = place.rpartition(",")
        if comma and folded_words(country) in countries:
            return folded_words(town) in towns
        return not comma and (folded_words(place) in towns or folded_words(place) in countries)

    @cached_property
    def _town_names(self) -> Mapping[tuple[str, ...], frozenset[str]]:
        return read_town_names(self._catalog)

    @cached_property
    def _places(self) -> tuple[frozenset[tuple[str, ...]], frozenset[tuple[str, ...]]]:
        """The folded words of all towns' and of all countries' names."""
        counts = self.of("place")
        codes = {count.country for count in counts}
        towns = {folded_words(count.name) for count in counts if count.name} | self._town_names.keys()
        return frozenset(towns), frozenset(words for words, code in country_codes().items() if code in codes)


def _read(catalog: CatalogFile, is_stored: bool, kind: Kind) -> tuple[PhotoCount, ...]:
    rows = (catalog.fetch(STORED, kind) if is_stored else []) or catalog.fetch(COUNT[kind])
    for name, country, pictures in rows:
        if not (isinstance(name, str | None) and isinstance(country, str | None) and isinstance(pictures, int)):
            raise catalog.damage(f"it does not count its pictures by {kind}")
    return tuple(PhotoCount(*row) for row in rows)
