"""The verbs: what a search finds, where its captions come from, what it refuses."""

import pytest

from runtime.engine import Engine
from runtime.errors import QueryEmpty, QueryTooLong, TopKOutOfRange
from runtime.explain import EvidenceExplainer
from runtime.library import Library
from runtime.stores.faiss_store import FaissStore
from tests.runtime.conftest import ColourCaptioner, ColourEncoder


def test_hits_come_best_first_with_their_cosine(engine: Engine) -> None:
    answer = engine.search_by_text("red, a red thing", 4)
    assert answer.hits[0].row.id == 1
    scores = [hit.evidence.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1.0, abs=1e-3)


def test_a_library_smaller_than_top_k_gives_all_it_has(engine: Engine) -> None:
    assert len(engine.search_by_text("blue", 50).hits) == 4


def test_captions_come_from_the_index_where_it_has_them(engine: Engine, captioner: ColourCaptioner) -> None:
    hits = engine.search_by_text("green", 1).hits
    assert (hits[0].caption, hits[0].caption_source) == ("a green square", "index")
    assert captioner.batches == []


def test_missing_captions_are_made_in_one_batch_and_only_once(engine: Engine, captioner: ColourCaptioner) -> None:
    first = {hit.row.id: hit for hit in engine.search_by_text("blue", 4).hits}
    assert (first[3].caption, first[3].caption_source) == ("a blue square", "live")
    engine.search_by_text("grey", 4)
    assert captioner.batches == [2]


def test_a_picture_that_went_away_is_still_a_hit_without_a_caption(
    engine: Engine, library: Library, captioner: ColourCaptioner
) -> None:
    library.image_file("grey.png").unlink()
    hits = {hit.row.id: hit for hit in engine.search_by_text("grey", 4).hits}
    assert (hits[4].caption, hits[4].caption_source) == ("", "none")
    assert hits[4].explanation
    assert captioner.batches == [1]


def test_without_a_captioner_a_missing_caption_stays_missing(library: Library, store: FaissStore) -> None:
    engine = Engine(ColourEncoder(), store, library, EvidenceExplainer())
    assert engine.search_by_text("blue", 1).hits[0].caption_source == "none"


def test_every_hit_is_explained_unless_nobody_asked(engine: Engine) -> None:
    explained = engine.search_by_text("red", 4).hits
    assert all(hit.explanation and hit.explanation_source == "evidence" for hit in explained)
    plain = engine.search_by_text("red", 4, explain=False)
    assert all(not hit.explanation and hit.explanation_source == "none" for hit in plain.hits)
    assert "explain" not in plain.timings_ms


def test_stages_are_timed_in_their_order(engine: Engine) -> None:
    assert list(engine.search_by_text("red", 1).timings_ms) == ["embed", "search", "rows", "caption", "explain"]


@pytest.mark.parametrize("query", ["", "   ", "\n\t"])
def test_an_empty_query_is_refused(engine: Engine, query: str) -> None:
    with pytest.raises(QueryEmpty):
        engine.search_by_text(query, 1)


def test_an_over_long_query_is_refused_with_both_numbers(engine: Engine) -> None:
    with pytest.raises(QueryTooLong) as refused:
        engine.search_by_text("r" * 201, 1)
    assert (refused.value.given_chars, refused.value.max_chars) == (201, 200)


@pytest.mark.parametrize("top_k", [0, -1, 51, 10**9])
def test_top_k_outside_its_range_is_refused(engine: Engine, top_k: int) -> None:
    with pytest.raises(TopKOutOfRange, match=f"top_k is {top_k}"):
        engine.search_by_text("red", top_k)
