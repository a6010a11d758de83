"""A small catalogue with facts of photos, written as a build writes one, and the same facts to compare with."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from export.index.catalog import Catalog, IndexedImage, write_catalog
from export.index.photos.counts import write_photo_counts
from runtime.library.catalog import Library

INSERT_FACTS = "INSERT INTO photo_facts (id, taken, camera, place, country) VALUES (?, ?, ?, ?, ?)"


class Photo(NamedTuple):
    """A picture's path and facts."""

    path: str
    taken: str | None = None
    camera: str | None = None
    place: str | None = None
    country: str | None = None


PHOTOS = {
    1: Photo("2019/holiday/beach.jpg", "2019-06-02T14:03:22", "Google Pixel 7", "Lisbon", "PT"),
    2: Photo("2019/holiday/sub/tram.jpg", "2019-06-15", "Google Pixel 7 Pro", "Lisbon", "PT"),
    3: Photo("2019/work.jpg", "2019-06", "Canon EOS R5", "Saint-Étienne", "FR"),
    4: Photo("2019/Holiday party/cake.jpg", "2019", "Canon EOS R5", None, "FR"),
    5: Photo("2020/holiday/snow.jpg", "2019-12-31T23:59:59", None, "Lisbon", "US"),
    6: Photo("2020/skiing.jpg", "2020-01-01T00:00:00", "Apple iPhone 12"),
    7: Photo("holiday/old.jpg", "1998"),
    8: Photo("Cafe\u0301/cup.jpg", "2018-06-30", "Pixel", "San José", "CR"),
    10: Photo("scan.jpg"),
    11: Photo("2019/holiday/same.jpg", "2019-06-15", "Google Pixel 7", "Porto", "PT"),
}
TOWN_NAMES = {("Lisbon", "PT"): ("lisboa", "lissabon", "лиссабон"), ("Porto", "PT"): ("oporto", "lisbon")}
NEWEST_FIRST = [6, 5, 11, 2, 1, 3, 4, 8, 7, 10]


def write_photos(folder: Path, *, facts: bool = True, counts: bool = True) -> Library:
    """Write the catalogue, with or without facts and counts, and open it."""
    path = folder / "photos.sqlite"
    rows = [
        IndexedImage(image_id, photo.path, f"{image_id:064x}", 1, 20, 10, "a red boat", 0)
        for image_id, photo in PHOTOS.items()
    ]
    write_catalog(path, Catalog(rows, next_id=12, town_names=TOWN_NAMES))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("DROP TABLE photo_counts; DROP TABLE photo_columns;")
        if not facts:
            connection.execute("DROP TABLE photo_facts")
        else:
            connection.executemany(INSERT_FACTS, [(key, *photo[1:]) for key, photo in PHOTOS.items() if any(photo[1:])])
        if counts:
            write_photo_counts(connection)
    return Library(path, folder)
