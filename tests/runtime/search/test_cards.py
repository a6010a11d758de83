"""Copies fold into one card: one result for a group, as many cards as asked for, and which of the group is shown."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.copies import COPIES_SCHEMA
from runtime.library.image_rows import CATALOG_SCHEMA
from runtime.library.text_index import FINISH_TEXT, INSERT_WORDS, TEXT_SCHEMA
from runtime.search.evidence import Answer
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.search.text_search import words_of_path
from runtime.stores.flat import FlatStore
from runtime.web.schemas import SearchBody
from tests.runtime.conftest import COLOURS, ColourEncoder

COPIES, OTHERS = 30, 12
NAMED = 23  # its file has other words in its name
INSERT = "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height) VALUES (?, ?, '', 1, 0, 40, 30)"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A library of a red picture with 29 copies, the 30th of all, and 12 others, each less red than the one before."""
    paths = [f"copy {one}.jpg" for one in range(1, COPIES)] + ["red.jpg"] + [f"other {one}.jpg" for one in range(OTHERS)]
    paths[NAMED - 1] = "anna by the sea.jpg"
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection, connection:
        connection.executescript(CATALOG_SCHEMA + COPIES_SCHEMA + TEXT_SCHEMA)
        connection.execute(INSERT_WORDS, (NAMED, "", " ".join(words_of_path(paths[NAMED - 1])), "", ""))
        connection.executescript(FINISH_TEXT)
        connection.executemany(INSERT, enumerate(paths, start=1))
        connection.executemany("INSERT INTO copies VALUES (?, ?)", [(one, COPIES) for one in range(1, COPIES)])
    vectors = np.zeros((len(paths), len(COLOURS)), np.float32)
    vectors[:COPIES, 0] = 1
    slope = np.linspace(0.1, 1.4, OTHERS)
    vectors[COPIES:, 0], vectors[COPIES:, 1] = np.cos(slope), np.sin(slope)
    store = FlatStore(len(COLOURS))
    store.add(range(1, len(paths) + 1), vectors)
    library = Library(tmp_path / "catalog.sqlite", tmp_path)
    return Engine(
        ColourEncoder(),
        Ranker(store, some_ids=library.some_ids),
        library,
        EvidenceExplainer(),
        captions=Captions(library, None),
        limits=RequestLimits(),
    )


def find(engine: Engine, query: str, top_k: int, like: int | None = None) -> Answer:
    return engine.search(engine.limits.check_search(query, top_k, like=like))


def test_copies_take_one_place_and_the_others_are_named(engine: Engine) -> None:
    first, *others = find(engine, "red", 5).hits
    assert (first.row.image_path, first.copy_count) == ("red.jpg", COPIES - 1)
    assert [copy.id for copy in first.copies] == list(range(1, COPIES))
    assert [hit.row.image_path for hit in others] == [f"other {one}.jpg" for one in range(4)]
    assert all((hit.copies, hit.copy_count) == ((), 0) for hit in others)


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (12, 12), (13, 13), (50, 13)])
def test_cards_are_counted_and_not_pictures(engine: Engine, asked: int, given: int) -> None:
    assert len(find(engine, "red", asked).hits) == given


def test_a_copy_that_is_named_as_asked_is_shown_in_the_place_of_the_first(engine: Engine) -> None:
    first = find(engine, "anna sea", 5).hits[0]
    assert (first.row.id, first.copies[0].image_path) == (NAMED, "red.jpg")


@pytest.mark.parametrize("like", [1, COPIES])
def test_more_like_a_picture_gives_none_of_its_copies(engine: Engine, like: int) -> None:
    hits = find(engine, "", 5, like=like).hits
    assert [hit.row.image_path for hit in hits] == [f"other {one}.jpg" for one in range(5)]


def test_an_explanation_is_of_the_very_picture(engine: Engine) -> None:
    answer = engine.explain(engine.limits.check_explain("red", [2, COPIES]))
    assert [hit.row.id for hit in answer.hits] == [2, COPIES]


def test_the_answer_has_ids_and_paths_of_the_copies(engine: Engine) -> None:
    body = SearchBody.model_validate(find(engine, "red", 2)).model_dump()
    assert body["results"][0]["copies"][0] == {"id": 1, "image_path": "copy 1.jpg"}
    assert body["results"][0]["copy_count"] == COPIES - 1
    assert (body["results"][1]["copies"], body["results"][1]["copy_count"]) == ([], 0)
