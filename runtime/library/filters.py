"""Filters: from a checked filter to the ids of the pictures that it leaves, by SQL over pictures and facts of photos.

Nothing is guessed: a picture whose date, place or camera is not known is left out by a filter of it. A picture of which only
the month or the year is known is found by every date that lies in it.
"""

import json
from collections.abc import Sequence
from functools import lru_cache, partial, reduce
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from runtime.library.catalog_file import CatalogFile
from runtime.library.countries import country_codes
from runtime.library.folding import fold, folded_words
from runtime.library.photo_counts import PhotoCounts
from runtime.library.picture_text import HAS_TABLE, NO_WORDS
from runtime.library.where import AFTER_ALL, FilterInvalid, PhotoFactsMissing, Where

Ids = NDArray[np.int64]  # ascending, each once

FILTERS_REMEMBERED = 4  # whose ids are kept: 8 bytes a picture, so at most 32 MB of a million pictures
CODE_LETTERS = 2
# One text of all ids: a row for each of half a million takes six times as long. A list comes in as JSON, as one value.
FACTS_IDS = "SELECT group_concat(id) FROM photo_facts WHERE {}"
FOLDER_IDS = """
    SELECT group_concat(images.id) FROM json_each(?) AS folder CROSS JOIN images
    ON image_path > folder.value AND image_path < substr(folder.value, 1, length(folder.value) - 1) || '0'
"""  # "0" follows the slash
TEXT_IDS = f"SELECT group_concat(id) FROM picture_text WHERE words {{}} '{NO_WORDS}'"
NO_TEXTS = "left out: no text was read in this library's pictures yet (lookwhy index FOLDER --text now)"
IN_LIST = "IN (SELECT value FROM json_each(?))"
TAKEN_OF = f"SELECT id, taken FROM photo_facts WHERE taken IS NOT NULL AND id {IN_LIST}"


class Filters:
    """The filters of one open catalogue. Any thread may ask."""

    def __init__(self, catalog: CatalogFile) -> None:
        """Keep the catalogue, and find out what it has."""
        self._catalog = catalog
        self.counts = PhotoCounts(catalog)
        self.ids = lru_cache(FILTERS_REMEMBERED)(partial(_read_ids, catalog, self.counts))  # no method: it would be a circle
        """From a `Where` to its `Ids`. Raises PhotoFactsMissing where it asks for facts that the catalogue has not."""

    def taken_of(self, ids: Sequence[int]) -> dict[int, str]:
        """Return when pictures were taken, as far as it is known: ISO 8601, local time."""
        return dict(fetch_dates(self._catalog, TAKEN_OF, json.dumps(ids))) if self.counts.has_facts else {}


def fetch_dates(catalog: CatalogFile, query: str, *arguments: str | int) -> list[tuple[int, str]]:
    """Return the ids and dates that a query gives; raises ArtefactCorrupt where a date is no text."""
    rows: list[tuple[int, str]] = catalog.fetch(query, *arguments)
    if not all(isinstance(taken, str) for _, taken in rows):  # SQLite gives what a file says
        raise catalog.damage("a date is no text")
    return rows


def ids_in(catalog: CatalogFile, query: str, *arguments: str | int) -> Ids:
    """Return the ids that a query gives as one text with commas between, ascending."""
    [(joined,)] = catalog.fetch(query, *arguments)
    return np.sort(ids_of(joined or ""))


def ids_of(joined: str) -> Ids:
    """Return the ids in a text with commas between, in its order."""
    return np.fromstring(joined, np.int64, sep=",") if joined else np.empty(0, np.int64)


def kept_in_order(ids: list[int], allowed: Ids) -> list[int]:
    """Return those of some ids, in their order, that are among the allowed ones."""
    some = np.asarray(ids, np.int64)
    at = np.minimum(np.searchsorted(allowed, some), max(allowed.size - 1, 0))
    kept: list[int] = some[allowed[at] == some].tolist() if allowed.size else []
    return kept


def _read_ids(catalog: CatalogFile, counts: PhotoCounts, where: Where) -> Ids:
    of_facts = tuple(key for key in where.keys if key not in {"folder", "has_text"})
    if of_facts and not counts.has_facts:
        raise PhotoFactsMissing(of_facts)
    found = []
    if of_facts:
        conditions = [*_taken(where), *_at_place(counts, where.place), *_by_camera(counts, where.camera)]
        texts, arguments = zip(*conditions, strict=True)
        found.append(ids_in(catalog, FACTS_IDS.format(" AND ".join(texts)), *chain.from_iterable(arguments)))
    if where.folder is not None:
        found.append(ids_in(catalog, FOLDER_IDS, json.dumps(_folders(counts, where.folder))))
    if where.has_text is not None:
        found.append(_with_text(catalog, where.has_text))
    return reduce(partial(np.intersect1d, assume_unique=True), found)


def _with_text(catalog: CatalogFile, has_text: bool) -> Ids:
    """Return the pictures in which text was read, or those in which none was; what was not looked at is neither."""
    if not (catalog.fetch(HAS_TABLE) and catalog.fetch("SELECT 1 FROM picture_text LIMIT 1")):
        raise FilterInvalid("has_text", has_text, NO_TEXTS)
    return ids_in(catalog, TEXT_IDS.format("!=" if has_text else "="))


_Condition = tuple[str, tuple[str, ...]]  # SQL, and its arguments


def _taken(where: Where) -> list[_Condition]:
    """Return the condition that the time in which a picture was taken, as far as it is known, overlaps the filter's."""
    conditions: list[_Condition] = []
    if where.first is not None:
        # A picture of "2019" may be of June: each beginning of the first date counts.
        shorter = [where.first[:length] for length in (4, 7) if length < len(where.first)]
        if shorter:
            conditions.append((f"(taken >= ? OR taken {IN_LIST})", (where.first, json.dumps(shorter))))
        else:
            conditions.append(("taken >= ?", (where.first,)))
    if where.last is not None:
        conditions.append(("taken < ?", (where.last + AFTER_ALL,)))
    return conditions


def _at_place(counts: PhotoCounts, place: str | None) -> list[_Condition]:
    """Return the condition on a town, a country, or both: "Lisbon", "Portugal", "Lisbon, Portugal", "Lisbon, PT"."""
    if place is None:
        return []
    town, comma, country = place.rpartition(",")
    codes = [code] if (code := code_of(country)) else []
    if comma and codes and folded_words(town):
        return [(f"place {IN_LIST} AND country {IN_LIST}", (json.dumps(counts.towns_named(town)), json.dumps(codes)))]
    codes = [code] if (code := code_of(place)) else []
    return [(f"(place {IN_LIST} OR country {IN_LIST})", (json.dumps(counts.towns_named(place)), json.dumps(codes)))]


def code_of(country: str) -> str | None:
    """Return the code of a country, given by a name or by its code."""
    code = country.strip().upper()
    if len(code) == CODE_LETTERS and code in country_codes().values():
        return code
    return country_codes().get(folded_words(country))


def _by_camera(counts: PhotoCounts, camera: str | None) -> list[_Condition]:
    if camera is None:
        return []
    wanted = set(folded_words(camera))
    named = [count.name for count in counts.of("camera") if count.name and wanted <= set(folded_words(count.name))]
    return [(f"camera {IN_LIST}", (json.dumps(named),))]


def _folders(counts: PhotoCounts, wanted: str) -> list[str]:
    """Return the outermost folders, each with a slash at its end, whose last names are the wanted ones."""
    names = [fold(name) for name in wanted.split("/")]
    found = set()
    for count in counts.of("folder"):
        path = (count.name or "").split("/")[:-1]
        folded = [fold(name) for name in path]
        for end in range(len(names), len(path) + 1):
            if folded[end - len(names) : end] == names:
                found.add("/".join(path[:end]) + "/")
                break
    return sorted(found)
