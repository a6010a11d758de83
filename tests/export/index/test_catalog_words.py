"""A catalogue whose full text was written when words were cut otherwise is one to be written again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from export.index.catalog import Catalog, IndexedImage, read_catalog, write_catalog


def written(path: Path, name: str) -> Catalog:
    row = IndexedImage(1, name, "0" * 64, 10, 20, 30, "a red boat", 5)
    write_catalog(path, Catalog([row]))
    assert read_catalog(path).has_text
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM counters WHERE name = 'text_rules'")
    return read_catalog(path)


@pytest.mark.parametrize(("name", "is_as_now"), [("boats/1.jpg", True), ("लाल नाव.jpg", False), ("เรือ.jpg", False)])
def test_full_text_of_earlier_rules_is_kept_where_they_cut_names_the_same(
    tmp_path: Path, name: str, is_as_now: bool
) -> None:
    assert written(tmp_path / "catalog.sqlite", name).has_text == is_as_now
