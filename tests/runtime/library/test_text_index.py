"""The full-text index: in the catalogue's file, read without a trace, and done without where there is none."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import export.index.catalog
from export.index.catalog import Catalog, IndexedImage, read_catalog, write_catalog
from runtime.library.catalog import Library
from runtime.library.catalog_file import CATALOG_FORMAT
from runtime.library.text_index import can_index_text
from tests.export.index.small_library import build, draw_many, manifest_of

ROWS = [IndexedImage(at, f"{at}.jpg", f"{at:064x}", 1, 1, 1, "a red boat", 0) for at in (1, 2, 7)]


def find(library: Library, word: str) -> list[int]:
    return library.text.find([word], 10, last=word, names_only=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_catalog(tmp_path / "catalog.sqlite", Catalog(ROWS))
    return tmp_path / "catalog.sqlite"


def test_it_is_read_from_a_folder_that_cannot_be_written_and_leaves_nothing(path: Path) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o555)
    library = Library(path, path.parent)
    assert find(library, "boat") == [1, 2, 7]
    path.parent.chmod(0o755)
    assert [file.name for file in path.parent.iterdir()] == ["catalog.sqlite"]


@pytest.mark.parametrize("table", ["full_text", "full_text_words"])
def test_a_catalogue_without_it_is_read_and_finds_nothing(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP TABLE {table}")
    assert read_catalog(path).has_text is False
    library = Library(path, path.parent)
    assert find(library, "boat") == []
    assert library.rows([7])[0].caption == "a red boat"


def test_an_sqlite_without_fts5_writes_a_catalogue_without_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_index_text()
    assert read_catalog(path).has_text is True
    monkeypatch.setattr(export.index.catalog, "can_index_text", lambda: False)
    write_catalog(path.with_name("other.sqlite"), Catalog(ROWS))
    assert read_catalog(path.with_name("other.sqlite")).has_text is False


def test_programs_from_before_it_still_read_the_catalogue(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA user_version").fetchall() == [(1,)]
        columns = "id, image_path, sha256, bytes, width, height, caption, mtime_ns"
        assert len(connection.execute(f"SELECT {columns} FROM images").fetchall()) == len(ROWS)
    assert CATALOG_FORMAT == 1


def test_an_index_from_before_it_gets_it_in_the_next_build_without_a_model_run(tmp_path: Path) -> None:
    folder, out = draw_many(tmp_path / "photos", ["a.png", "b.png"]), tmp_path / "index"
    build(folder, out)
    path = out / manifest_of(out).catalog.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE full_text")
    summary = build(folder, out)
    assert (summary.written, summary.encoded) == (True, 0)
    library = Library(out / manifest_of(out).catalog.path, folder)
    assert find(library, "bright") == find(library, "brightness") == [1, 2]
    assert not build(folder, out).written
