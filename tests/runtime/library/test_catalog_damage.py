"""A damaged catalogue is told as one of our errors, wherever it is hit; and vectors that fit another one."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from runtime.artefacts.manifest import read_index_manifest
from runtime.engine import Engine
from runtime.errors import ArtefactCorrupt, ArtefactError
from runtime.library.catalog import Library
from runtime.search.text_search import find_by_words
from runtime.stores.flat import FlatStore

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

PLACES = 300


def read_everything(catalog: Path) -> None:
    library = Library(catalog, catalog.parent)
    ids = library.some_ids(max(1, library.count))
    library.rows_of_found(ids)
    find_by_words(library, "a red boat on a beach", 10)
    library.words.rarity({"boat", "red", "beach", "snow"})
    library.words.nearest(np.ones(96, np.float32))


@pytest.mark.parametrize("kind", ["flip", "zero", "cut"])
def test_wherever_a_catalogue_is_damaged_it_is_read_or_refused(
    sample_library: "SampleLibrary", tmp_path: Path, kind: str
) -> None:
    whole = (sample_library.index / read_index_manifest(sample_library.index).catalog.path).read_bytes()
    catalog, rng, refused = tmp_path / "catalog.sqlite", random.Random(14), 0
    for _ in range(PLACES if kind == "flip" else PLACES // 10):
        at, content = rng.randrange(len(whole)), bytearray(whole)
        if kind == "flip":
            content[at] ^= 1 << rng.randrange(8)
        elif kind == "zero":
            content[at - at % 4096 : at - at % 4096 + 4096] = bytes(4096)
        else:
            del content[at:]
        catalog.write_bytes(content)
        try:
            read_everything(catalog)
        except ArtefactError:
            refused += 1
    assert refused


def changed(catalog: Path, statement: str) -> Path:
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute(statement)
        connection.commit()
    return catalog


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE images SET image_path = x'ff' WHERE id = 1",
        "UPDATE images SET caption = x'ff'",
        "UPDATE images SET width = 'wide'",
        "UPDATE images SET caption_source = 'nobody'",
        "UPDATE images SET other_captions = '{'",
        "UPDATE images SET other_captions = '[1]'",
        "UPDATE images SET caption = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_row_with_a_value_of_another_kind_is_refused(library: Library, tmp_path: Path, statement: str) -> None:
    with pytest.raises(ArtefactCorrupt, match="damaged"):
        Library(changed(tmp_path / "catalog.sqlite", statement), tmp_path / "images").rows([1, 2])


def test_a_schema_that_is_no_text_is_refused(library: Library, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.sqlite"
    content = catalog.read_bytes()
    assert content.count(b"TABLE images") == 1
    catalog.write_bytes(content.replace(b"TABLE images", b"TABLE im\xa0\xa1es"))
    with pytest.raises(ArtefactCorrupt, match="it is no catalogue"):
        Library(catalog, tmp_path / "images")


def without_a_row(engine: Engine, tmp_path: Path) -> None:
    engine.library = Library(changed(tmp_path / "catalog.sqlite", "DELETE FROM images WHERE id = 2"), tmp_path / "images")


def without_a_vector(engine: Engine, tmp_path: Path) -> None:
    store = FlatStore(4)
    store.add([1, 2, 3], np.eye(4, dtype=np.float32)[:3])
    engine.ranker._store = store


@pytest.mark.parametrize(("damage", "ids"), [(without_a_row, [1]), (without_a_vector, [4])])
def test_vectors_of_another_catalogue_are_told(
    engine: Engine, tmp_path: Path, damage: Callable[[Engine, Path], None], ids: list[int]
) -> None:
    damage(engine, tmp_path)
    with pytest.raises(ArtefactCorrupt):
        engine.explain(engine.limits.check_explain("red", ids))
