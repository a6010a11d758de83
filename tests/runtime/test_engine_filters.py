"""A search with a filter: which pictures it finds, that their verdicts stay what they are, and the order by date."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.photos.photo_facts import PHOTO_FACTS_SCHEMA
from runtime.library.photos.where import PhotoFactsMissing
from runtime.search.evidence import Answer, Filtered
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.stores.flat import FlatStore
from tests.runtime.conftest import ColourCaptioner, ColourEncoder

FACTS = [(1, "2019-06-02", "Lisbon", "PT"), (2, "2020", "Lisbon", "PT"), (3, "2018-01-01T10:00:00", None, None)]


@pytest.fixture
def engine(encoder: ColourEncoder, library: Library, store: FlatStore, tmp_path: Path) -> Engine:
    """One whose probabilities depend on what the library holds beside a picture."""
    library.close()
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)) as connection:
        connection.executescript(PHOTO_FACTS_SCHEMA)
        connection.executemany("INSERT INTO photo_facts (id, taken, place, country) VALUES (?, ?, ?, ?)", FACTS)
    return engine_over(Library(tmp_path / "catalog.sqlite", tmp_path / "images"), encoder, store)


def engine_over(library: Library, encoder: ColourEncoder, store: FlatStore) -> Engine:
    captions = FlatStore(4)
    captions.add([1, 2], np.eye(4, dtype=np.float32)[:2])
    weights = MatchWeights(bias=-2, score=3, mean_score=0, best_score=-1, best_caption_score=2)
    calibration = MatchCalibration(centroid=(0, 0, 0, 0), with_caption=weights, without_caption=weights, fit={})
    ranker = Ranker(store, captions, calibration, some_ids=library.some_ids)
    known = Captions(library, ColourCaptioner)
    return Engine(encoder, ranker, library, EvidenceExplainer(), captions=known, limits=RequestLimits())


def search(engine: Engine, query: str, **options: Any) -> Answer:
    return engine.search(engine.limits.check_search(query, 4, **options))


def ids_of(answer: Answer) -> list[int]:
    return [hit.row.id for hit in answer.hits]


def test_a_search_finds_the_pictures_that_the_filter_leaves_alone(engine: Engine) -> None:
    answer = search(engine, "red", where={"place": "Portugal"})
    assert ids_of(answer) == [1, 2]
    assert answer.filtered == Filtered(2, 4)
    assert search(engine, "red").filtered is None


@pytest.mark.parametrize("query", ["red", "red -green", "blue"])
def test_a_hit_has_the_same_evidence_with_a_filter_as_without(engine: Engine, query: str) -> None:
    all_of = {hit.row.id: hit.evidence for hit in search(engine, query).hits}
    probabilities = {evidence.match_probability for evidence in all_of.values()}
    assert None not in probabilities
    for where in ({"place": "Lisbon"}, {"from": "2020"}, {"to": "2018"}, {"folder": "sub"}):
        filtered = search(engine, query, where=where)
        assert 0 < len(filtered.hits) < len(all_of)
        for hit in filtered.hits:
            assert hit.evidence.match_probability == pytest.approx(all_of[hit.row.id].match_probability, abs=1e-6)
            assert hit.evidence.verdict == all_of[hit.row.id].verdict


def test_a_filter_goes_together_with_a_picture_and_with_words_left_out(engine: Engine) -> None:
    assert ids_of(search(engine, "", like=1, where={"place": "Lisbon"})) == [2]
    assert ids_of(search(engine, "red -green", like=3, where={"place": "Lisbon"})) == [1, 2]
    alone = search(engine, "red -green", like=3, where={"folder": "sub"})
    assert (alone.hits, alone.filtered, alone.verdict) == ([], Filtered(1, 4), None)
    assert search(engine, "red -green", like=3, where={"folder": "nowhere"}).verdict == "none"


def test_where_a_filter_leaves_nothing_the_answer_says_so(engine: Engine) -> None:
    answer = search(engine, "red", where={"from": "2024"})
    assert (answer.hits, answer.verdict, answer.match_probability) == ([], "none", None)
    assert answer.filtered is not None
    assert answer.filtered.message == "The filter leaves none of 4 pictures. Leave out a part of it, or take another."


def test_by_date_the_newest_of_the_best_come_first_and_those_without_a_date_last(engine: Engine) -> None:
    request = engine.limits.check_search("red", 4)
    assert ids_of(engine.search(request))[0] == 1
    assert ids_of(engine.search(replace(request, order="date"))) == [2, 1, 3, 4]
    best = engine.limits.check_search("red", 1)
    assert ids_of(engine.search(replace(best, order="date"))) == [1]


def test_an_index_without_facts_says_how_to_get_them(library: Library, encoder: ColourEncoder, store: FlatStore) -> None:
    engine = engine_over(library, encoder, store)
    assert ids_of(search(engine, "red", where={"folder": "sub"})) == [3]
    with pytest.raises(PhotoFactsMissing, match="lookwhy index FOLDER"):
        search(engine, "red", where={"from": "2019"})


def test_words_suggest_filters_that_are_not_applied(engine: Engine) -> None:
    answer = search(engine, "red from 2019 in Lisbon")
    assert [one.words for one in answer.filters_suggested] == ["from 2019", "in Lisbon"]
    assert len(answer.hits) == 4
