"""The verbs: what a search finds, where its captions come from, what it refuses."""

import pytest
from PIL import Image

from runtime.artefacts.match_calibration import Calibration, MatchWeights
from runtime.engine import Engine
from runtime.errors import IdsOutOfRange, ImageNotFound, QueryEmpty, QueryTooLong, TopKOutOfRange
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.search.query import Limits
from runtime.search.ranking import Matcher
from runtime.stores.flat import FlatStore
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


def test_missing_captions_are_made_one_at_a_time_and_only_once(engine: Engine, captioner: ColourCaptioner) -> None:
    first = {hit.row.id: hit for hit in engine.search_by_text("blue", 4).hits}
    assert (first[3].caption, first[3].caption_source) == ("a blue square", "live")
    engine.search_by_text("grey", 4)
    assert captioner.batches == [1, 1]


def test_a_picture_that_went_away_is_still_a_hit_without_a_caption(
    engine: Engine, library: Library, captioner: ColourCaptioner
) -> None:
    library.image_file("grey.png").unlink()
    hits = {hit.row.id: hit for hit in engine.search_by_text("grey", 4).hits}
    assert (hits[4].caption, hits[4].caption_source) == ("", "none")
    assert hits[4].explanation
    assert captioner.batches == [1]


def test_without_a_captioner_a_missing_caption_stays_missing(library: Library, store: FlatStore) -> None:
    engine = Engine(
        ColourEncoder(),
        Matcher(store),
        library,
        EvidenceExplainer(),
        captions=Captions(library, None),
        limits=Limits(),
    )
    assert engine.search_by_text("blue", 1).hits[0].caption_source == "none"


def test_every_hit_is_explained_unless_nobody_asked(engine: Engine) -> None:
    explained = engine.search_by_text("red", 4).hits
    assert all(hit.explanation and hit.explanation_source == "evidence" for hit in explained)
    plain = engine.search_by_text("red", 4, explain=False)
    assert all(not hit.explanation and hit.explanation_source == "none" for hit in plain.hits)
    assert "explain" not in plain.timings_ms


def test_stages_are_timed_in_their_order(engine: Engine) -> None:
    stages = ["tokenize", "embed", "search", "rows", "evidence", "caption", "explain"]
    assert list(engine.search_by_text("red", 1).timings_ms) == stages


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


def test_words_are_weighed_in_one_batch_and_only_for_an_explanation(engine: Engine, encoder: ColourEncoder) -> None:
    engine.search_by_text("red green", 4, explain=False)
    assert encoder.text_batches == [1]
    hits = {hit.row.id: hit for hit in engine.search_by_text("red green", 4).hits}
    assert encoder.text_batches == [1, 1, 2]
    red, green = hits[1].evidence.words
    assert (red.word, green.word) == ("red", "green")
    assert red.drop > 0 > green.drop
    assert (red.share, green.share) == (1.0, 0.0)
    assert (red.in_caption, green.in_caption) == (True, False)


def test_minus_words_leave_pictures_behind(engine: Engine, encoder: ColourEncoder) -> None:
    assert {hit.row.id for hit in engine.search_by_text("red blue", 2, explain=False).hits} == {1, 3}
    encoder.text_batches.clear()
    minus = engine.search_by_text("red blue -red", 4, explain=False).hits
    assert minus[0].row.id == 3
    assert encoder.text_batches == [1, 1], "what is wanted and what is not are runs of their own, as in the index"


def test_a_picture_finds_its_like(engine: Engine) -> None:
    answer = engine.search_by_image(Image.new("RGB", (30, 30), (0, 0, 250)), 2)
    assert answer.hits[0].row.id == 3
    assert answer.hits[0].evidence.score > 0.9
    assert (answer.verdict, answer.match_probability) == (None, None)
    assert all(hit.explanation and hit.explanation_source == "evidence" for hit in answer.hits)


def test_more_like_this_leaves_the_picture_itself_out(engine: Engine) -> None:
    assert {hit.row.id for hit in engine.search_like(1, 50).hits} == {2, 3, 4}
    assert len(engine.search_like(1, 2).hits) == 2


@pytest.mark.parametrize(("weight", "first"), [(0.0, 2), (1.0, 3)])
def test_words_and_a_picture_count_by_the_weight(engine: Engine, weight: float, first: int) -> None:
    blue = Image.new("RGB", (30, 30), (0, 0, 250))
    assert engine.search_by_image(blue, 1, query="green", picture_weight=weight).hits[0].row.id == first


@pytest.mark.parametrize("unknown", [99, -1, 0, 2**70])
def test_more_like_an_unknown_picture_is_refused(engine: Engine, unknown: int) -> None:
    with pytest.raises(ImageNotFound, match=f"'id {unknown}'"):
        engine.search_like(unknown, 1)


def test_a_search_and_its_explanation_later_say_the_same(engine: Engine) -> None:
    at_once = engine.search_by_text("red green", 4)
    later = engine.explain("red green", [hit.row.id for hit in at_once.hits])
    assert [(hit.row.id, hit.explanation, hit.evidence.words, hit.evidence.verdict) for hit in later.hits] == [
        (hit.row.id, hit.explanation, hit.evidence.words, hit.evidence.verdict) for hit in at_once.hits
    ]


def test_a_heatmap_says_where_and_costs_one_encoding_beside_its_check(engine: Engine, encoder: ColourEncoder) -> None:
    [hit] = engine.explain("red", [1], heatmap=True, explain=False).hits
    assert hit.heatmap is not None
    assert hit.heatmap.contributions.shape == (2, 2)
    assert hit.heatmap.box == (0.25, 0.0, 0.75, 1.0)
    assert hit.occlusion is not None
    assert encoder.pictures_seen == 1 + 1 + hit.occlusion.draws
    assert (hit.explanation, hit.evidence.words) == ("", ())


def test_a_picture_that_went_away_is_explained_without_a_heatmap(engine: Engine, library: Library) -> None:
    library.image_file("grey.png").unlink()
    gone, there = engine.explain("grey", [4, 1], heatmap=True).hits
    assert (gone.heatmap, gone.occlusion) == (None, None)
    assert gone.explanation
    assert there.heatmap is not None


def test_explaining_nothing_or_an_unknown_picture_is_refused(engine: Engine) -> None:
    with pytest.raises(ImageNotFound):
        engine.explain("red", [1, 99])
    with pytest.raises(QueryEmpty):
        engine.explain(" ", [1])
    with pytest.raises(IdsOutOfRange):
        engine.explain("red", [])
    with pytest.raises(IdsOutOfRange):
        engine.explain("red", [1, 2, 3], heatmap=True)


def test_a_calibrated_search_is_as_sure_as_its_best_hit(encoder: ColourEncoder, store: FlatStore, library: Library) -> None:
    weights = MatchWeights(bias=-5, score=10, mean_score=0, log_words=0)
    calibration = Calibration(centroid=(0, 0, 0, 0), with_caption=weights, without_caption=weights, fit={})
    matcher = Matcher(store, None, calibration)
    engine = Engine(encoder, matcher, library, EvidenceExplainer(), captions=Captions(library, None), limits=Limits())
    found, lost = engine.search_by_text("red", 4), engine.search_by_text("red green blue grey", 4)
    assert (found.verdict, found.hits[-1].evidence.verdict) == ("strong", "none")
    assert found.match_probability == found.hits[0].evidence.match_probability
    assert lost.verdict == "weak"
