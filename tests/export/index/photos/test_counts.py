"""What a build counts last, by the same words as are counted when nothing was."""

import sqlite3
from contextlib import closing
from pathlib import Path

from export.index.catalog import Catalog, IndexedImage, write_catalog
from runtime.library.catalog import Library
from runtime.library.photos.photo_counts import KINDS, PhotoCount
from tests.runtime.library.photo_library import write_photos


def test_what_is_counted_by_the_build_is_what_is_counted_when_asked(tmp_path: Path) -> None:
    (tmp_path / "asked").mkdir()
    built, asked = write_photos(tmp_path), write_photos(tmp_path / "asked", counts=False)
    for kind in KINDS:
        counts = built.filters.counts.of(kind)
        assert len(counts) > 2
        assert set(counts) == set(asked.filters.counts.of(kind))


def test_a_build_counts_the_folders_of_pictures_without_facts(tmp_path: Path) -> None:
    rows = [IndexedImage(at, path, f"{at:064x}", 1, 1, 1, None, 0) for at, path in enumerate(["a/b.jpg", "c.jpg"], start=1)]
    write_catalog(tmp_path / "catalog.sqlite", Catalog(rows))
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection:
        counted = connection.execute("SELECT kind, name, pictures FROM photo_counts").fetchall()
    assert counted == [("month", None, 2), ("folder", "", 1), ("folder", "a/", 1)]


def test_a_kind_that_was_not_counted_is_counted_when_asked(tmp_path: Path) -> None:
    write_catalog(tmp_path / "catalog.sqlite", Catalog([IndexedImage(1, "a.jpg", "0" * 64, 1, 1, 1, None, 0)]))
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection:
        connection.executescript(
            "DELETE FROM photo_counts WHERE kind = 'month'; INSERT INTO photo_facts (id, taken) VALUES (1, '2019-06-02');"
        )
    library = Library(tmp_path / "catalog.sqlite", tmp_path)
    assert library.filters.counts.of("month") == (PhotoCount("2019-06", None, 1),)
