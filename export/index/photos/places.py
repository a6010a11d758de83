"""Where on earth: the town that a position is in, or nearest to, by a table of our own.

`make_places.py` makes the table of GeoNames' data. This file owns its form: an .npz of NumPy's with latitudes and
longitudes in degrees, float64, ordered by latitude, the towns' numbers of people, and their names and countries, each a text
of lines, and their other names, with tabs between those of one town. float32 cannot tell towns 2 km apart.
"""

import stat
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from export.errors import PlacesUnusable
from runtime.artefacts.file_record import open_file
from runtime.artefacts.whole_file import whole_file
from runtime.library.case_folding import folded_words
from runtime.settings import OWN_PLACES

EARTH_KM, DEGREE_KM = 6371.0, 111.2
TOWN_KM, COUNTRY_KM = 50.0, 200.0  # farther, the nearest town is no place to be at; at last not even its country
# A town is taken for a circle with so many people on a square kilometre: else the middle of Berlin would be the nearest
# of its quarters, which GeoNames has as towns, too.
PEOPLE_PER_KM2 = 7000
COMMAND = "Make it anew: lookwhy places."
OTHER_MIN, OTHER_MAX, CODE_MAX = 3, 60, 4  # letters of a town's other names, and of airports' codes
Named = tuple[str, str]
"""A town's name and its country."""


@dataclass(frozen=True)
class Town:
    """A town: its name, its country (ISO 3166-1, two letters), its position in degrees, how many people live there.

    `others` are its names in other languages and times.
    """

    name: str
    country: str
    latitude: float
    longitude: float
    people: int = 0
    others: tuple[str, ...] = ()


class Places:
    """The towns of one table."""

    def __init__(self, towns: Sequence[Town]) -> None:
        """Keep some towns, in whatever order."""
        ordered = sorted(towns, key=lambda town: (town.latitude, town.longitude, town.name))
        self._latitudes = np.array([town.latitude for town in ordered], np.float64)
        self._longitudes = np.array([town.longitude for town in ordered], np.float64)
        self._people = np.array([town.people for town in ordered], np.int32)
        self._names, self._countries = [town.name for town in ordered], [town.country for town in ordered]
        self._others = ["\t".join(other_names(town.name, town.others)) for town in ordered]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the towns in a file.

        Raises:
            PlacesUnusable: it cannot be read, or is no such table.
        """
        places = cls(())
        try:
            with open_file(path) as file, np.load(file, allow_pickle=False) as table:
                places._latitudes, places._longitudes = (
                    table[name].astype(np.float64) for name in ("latitude", "longitude")
                )
                places._people = table["people"].astype(np.int32)
                places._names, places._countries = (_lines(table[name]) for name in ("name", "country"))
                places._others = _lines(table["others"]) if "others" in table else [""] * len(places._names)
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as cause:
            raise PlacesUnusable(path, f"it cannot be read ({cause})", COMMAND) from cause
        texts = (places._names, places._countries, places._others)
        columns = (places._latitudes, places._longitudes, places._people, *texts)
        if len({len(column) for column in columns}) != 1 or np.any(np.diff(places._latitudes) < 0):
            raise PlacesUnusable(path, "its columns do not fit each other", COMMAND)
        return places

    def write(self, path: Path) -> None:
        """Write the table, over an older one.

        Raises:
            OSError: it cannot be written.
        """
        columns = (self._names, self._countries, self._others)
        names, countries, others = (np.frombuffer("\n".join(lines).encode(), np.uint8) for lines in columns)
        with whole_file(path) as file:
            np.savez_compressed(
                file,
                latitude=self._latitudes,
                longitude=self._longitudes,
                people=self._people,
                name=names,
                country=countries,
                others=others,
            )

    @property
    def count(self) -> int:
        """How many towns there are."""
        return len(self._names)

    def name(self, latitude: float, longitude: float) -> tuple[str | None, str | None]:
        """Return the town whose edge is nearest, and its country: the country alone beyond `TOWN_KM`, nothing beyond
        `COUNTRY_KM`.
        """
        for reach_km in (TOWN_KM, COUNTRY_KM):
            if (found := self._nearest(latitude, longitude, reach_km)) is not None:
                return self._names[found] if reach_km == TOWN_KM else None, self._countries[found]
        return None, None

    def others_of(self, towns: Collection[Named]) -> dict[Named, tuple[str, ...]]:
        """Return the other names of these towns, folded; those of towns that share name and country together."""
        found: dict[Named, tuple[str, ...]] = {}
        for name, country, others in zip(self._names, self._countries, self._others, strict=True):
            if others and (name, country) in towns:
                found[name, country] = tuple(dict.fromkeys((*found.get((name, country), ()), *others.split("\t"))))
        return found

    def _nearest(self, latitude: float, longitude: float, reach_km: float) -> int | None:
        """Return which town's edge is nearest, of those whose middle is within reach; the first of equally near ones."""
        band = reach_km / DEGREE_KM + 0.01
        start, end = np.searchsorted(self._latitudes, (latitude - band, latitude + band))
        if start == end:
            return None
        vectors, radii_km = self._circles
        cosines = vectors[start:end] @ _unit_vectors(np.array([latitude]), np.array([longitude]))[0]
        distances_km = EARTH_KM * np.arccos(np.minimum(cosines, 1.0))
        edges_km = np.where(distances_km <= reach_km, distances_km - radii_km[start:end], np.inf)
        best = int(edges_km.argmin())
        return int(start) + best if np.isfinite(edges_km[best]) else None

    @cached_property
    def _circles(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The towns' middles as vectors, (n, 3), and their radii in km, (n,)."""
        return _unit_vectors(self._latitudes, self._longitudes), np.sqrt(self._people / (PEOPLE_PER_KM2 * np.pi))


def find_table(named: Path | None) -> "PlacesFile | None":
    """Return the table that was named, or else the one of one's own, if there is one; raises as `PlacesFile`."""
    if named is None and not OWN_PLACES.exists():
        return None
    return PlacesFile(named or OWN_PLACES)


class PlacesFile:
    """A table that is read when the first position is to be named. `version` is another for another file."""

    def __init__(self, path: Path) -> None:
        """Look at the file; raises PlacesUnusable where there is none."""
        self.path = path
        try:
            facts = path.stat()
        except OSError as cause:
            raise PlacesUnusable(path, cause.strerror or str(cause), COMMAND) from cause
        if not stat.S_ISREG(facts.st_mode):
            raise PlacesUnusable(path, "it is no regular file", COMMAND)
        self.version = f"{facts.st_size}-{facts.st_mtime_ns}"

    def name(self, latitude: float, longitude: float) -> tuple[str | None, str | None]:
        """Return as `Places.name` does; raises PlacesUnusable where the file is no table."""
        return self._places.name(latitude, longitude)

    def others_of(self, towns: Collection[Named]) -> dict[Named, tuple[str, ...]]:
        """Return as `Places.others_of` does; raises PlacesUnusable where the file is no table."""
        return self._places.others_of(towns) if towns else {}

    @cached_property
    def _places(self) -> Places:
        return Places.read(self.path)


def other_names(name: str, others: Iterable[str]) -> Iterator[str]:
    """Yield other names of a town as they are compared, each once: none that is the same then, and no airport's code."""
    known = {folded_words(name)}
    for other in others:
        words = folded_words(other)
        is_code = other.isascii() and (len(other) < OTHER_MIN or (other.isupper() and len(other) <= CODE_MAX))
        if words and words not in known and not is_code and len(other) <= OTHER_MAX:
            known.add(words)
            yield " ".join(words)


def _unit_vectors(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 3) vectors from the centre of the earth."""
    up, around = np.radians(latitudes), np.radians(longitudes)
    return np.stack([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)], axis=1)


def _lines(text: NDArray[np.uint8]) -> list[str]:
    content = text.tobytes().decode()
    return content.split("\n") if content else []
