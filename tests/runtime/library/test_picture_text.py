"""The words that stand in pictures: written and read back, absent from older catalogues, and refused where damaged."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from export.index.catalog import Catalog, IndexedImage, read_catalog, write_catalog
from runtime.errors import ArtefactCorrupt
from runtime.library.catalog import Library
from runtime.library.picture_text import PictureWord, read_words, write_words

WORDS = (PictureWord("Größe", (0.1, 0.2, 0.3, 0.4)), PictureWord('"4"', (0.0, 0.0, 1.0, 1.0)))
ROWS = [IndexedImage(at, f"{at}.jpg", f"{at:064x}", 1, 1, 1, "a red boat", 0) for at in (1, 2, 7)]
TEXTS = {ROWS[0].sha256: write_words(WORDS), ROWS[1].sha256: "[]", "f" * 64: "[]"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_catalog(tmp_path / "catalog.sqlite", Catalog(ROWS, texts=TEXTS))
    return tmp_path / "catalog.sqlite"


def test_words_come_back_with_their_boxes_of_the_pictures_that_have_any(path: Path) -> None:
    assert Library(path, path.parent).texts.of_pictures([1, 2, 7, 99]) == {1: WORDS}
    assert read_words(write_words(WORDS)) == WORDS


def test_a_build_knows_which_pictures_were_looked_at_and_only_those_of_the_same_models(path: Path) -> None:
    assert read_catalog(path).texts == {ROWS[0].sha256: write_words(WORDS), ROWS[1].sha256: "[]"}
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE picture_text SET reader = 'another' WHERE id = 1")
    assert read_catalog(path).texts == {ROWS[1].sha256: "[]"}


def test_a_catalogue_without_the_table_has_no_words(path: Path) -> None:
    write_catalog(path.with_name("without.sqlite"), Catalog(ROWS))
    library = Library(path.with_name("without.sqlite"), path.parent)
    assert library.texts.of_pictures([1, 2]) == {}
    assert read_catalog(path.with_name("without.sqlite")).texts == {}


def test_pictures_are_found_by_their_words_and_older_full_text_without_them_is_read(path: Path) -> None:
    library = Library(path, path.parent)
    assert library.text.find(["grosse"], 5, last="grosse", names_only=False) == [1]
    assert library.text.find(["grosse"], 5, last="grosse", names_only=True) == []
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("""
            DROP TABLE full_text;
            CREATE VIRTUAL TABLE full_text USING fts5(
                captions, file_name, folder, content = '', columnsize = 0, detail = column, tokenize = 'ascii'
            );
            INSERT INTO full_text (rowid, captions, file_name, folder) VALUES (7, 'boat', 'boat', '');
        """)
    older = Library(path, path.parent)
    assert older.text.find(["boat"], 5, last="boat", names_only=False) == [7]
    assert older.text.find(["boat"], 5, last="boat", names_only=True) == [7]


@pytest.mark.parametrize(
    "column", ["{", "7", '["a"]', '[["a", 1]]', '[["a", 0, 0, 0, "b"]]', "[[1, 0, 0, 0, 0]]", '[["a", 0, 0, 0, NaN]]']
)
def test_damaged_words_are_one_of_our_errors(path: Path, column: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE picture_text SET words = ? WHERE id = 1", (column,))
    with pytest.raises(ArtefactCorrupt, match="the words of a picture cannot be read"):
        Library(path, path.parent).texts.of_pictures([1])
