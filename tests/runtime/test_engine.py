"""The verbs: what a search finds, where its captions come from, what it refuses."""

from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.engine import Engine
from runtime.errors import ImageNotFound
from runtime.explain.sentences import EvidenceExplainer
from runtime.images import preprocess
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.search.evidence import Answer
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.stores.flat import FlatStore
from tests.runtime.conftest import ColourCaptioner, ColourEncoder


def find(engine: Engine, query: str, top_k: int, **options: Any) -> Answer:
    return engine.search(engine.limits.check_search(query, top_k, **options))


def find_by_image(engine: Engine, image: Image.Image, top_k: int, *, query: str = "", **options: Any) -> Answer:
    return engine.search_by_image(
        engine.limits.check_image_search(query, top_k, **options), preprocess(image, engine.preprocessing)
    )


def explain(engine: Engine, query: str, ids: Sequence[int], **options: Any) -> Answer:
    return engine.explain(engine.limits.check_explain(query, ids, **options))


def test_hits_come_best_first_with_their_cosine(engine: Engine) -> None:
    answer = find(engine, "red, a red thing", 4)
    assert answer.hits[0].row.id == 1
    scores = [hit.evidence.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1.0, abs=1e-3)


def test_a_library_smaller_than_top_k_gives_all_it_has(engine: Engine) -> None:
    assert len(find(engine, "blue", 50).hits) == 4


def test_captions_come_from_the_index_where_it_has_them(engine: Engine, captioner: ColourCaptioner) -> None:
    hits = find(engine, "green", 1).hits
    assert (hits[0].caption.text, hits[0].caption_source) == ("a green square", "index")
    assert captioner.batches == []


def test_missing_captions_are_made_one_at_a_time_and_only_once(engine: Engine, captioner: ColourCaptioner) -> None:
    first = {hit.row.id: hit for hit in find(engine, "blue", 4).hits}
    assert (first[3].caption.text, first[3].caption_source) == ("a blue square", "live")
    find(engine, "grey", 4)
    assert captioner.batches == [1, 1]


def test_a_picture_that_went_away_is_still_a_hit_without_a_caption(
    engine: Engine, library: Library, captioner: ColourCaptioner
) -> None:
    library.image_file("grey.png").unlink()
    hits = {hit.row.id: hit for hit in find(engine, "grey", 4).hits}
    assert (hits[4].caption.text, hits[4].caption_source) == ("", "none")
    assert hits[4].explanation.text
    assert captioner.batches == [1]


def test_without_a_captioner_a_missing_caption_stays_missing(library: Library, store: FlatStore) -> None:
    engine = Engine(
        ColourEncoder(),
        Ranker(store),
        library,
        EvidenceExplainer(),
        captions=Captions(library, None),
        limits=RequestLimits(),
    )
    assert find(engine, "blue", 1).hits[0].caption_source == "none"


def test_every_hit_is_explained_unless_nobody_asked(engine: Engine) -> None:
    explained = find(engine, "red", 4).hits
    assert all(hit.explanation.text and hit.explanation.source == "evidence" for hit in explained)
    plain = find(engine, "red", 4, explain=False)
    assert all(not hit.explanation.text and hit.explanation.source == "none" for hit in plain.hits)
    assert "explain" not in plain.timings_ms


def test_stages_are_timed_in_their_order(engine: Engine) -> None:
    stages = ["tokenize", "embed", "search", "rows", "evidence", "caption", "explain"]
    assert list(find(engine, "red", 1).timings_ms) == stages


def test_words_are_weighed_in_one_batch_and_only_for_an_explanation(engine: Engine, encoder: ColourEncoder) -> None:
    find(engine, "red green", 4, explain=False)
    assert encoder.text_batches == [1]
    hits = {hit.row.id: hit for hit in find(engine, "red green", 4).hits}
    assert encoder.text_batches == [1, 1, 2]
    red, green = hits[1].evidence.words
    assert (red.word, green.word) == ("red", "green")
    assert red.drop > 0 > green.drop
    assert (red.share, green.share) == (1.0, 0.0)
    assert (red.in_caption, green.in_caption) == (True, False)


def test_of_a_long_query_the_first_sixteen_words_are_weighed(engine: Engine, encoder: ColourEncoder) -> None:
    words = ["red", *(f"thing{number}" for number in range(19))]
    hit = find(engine, " ".join(words), 1).hits[0]
    assert encoder.text_batches == [1, 16]
    assert [weight.word for weight in hit.evidence.words] == words[:16]


def test_a_query_that_names_nothing_has_no_words_to_weigh(engine: Engine, encoder: ColourEncoder) -> None:
    hits = find(engine, "the", 2).hits
    assert [hit.evidence.words for hit in hits] == [(), ()]
    assert all(hit.explanation.text for hit in hits)
    assert encoder.text_batches == [1]


@pytest.mark.parametrize(
    ("top_k", "like", "looked_at"), [(1, None, 10), (10, None, 10), (12, None, 12), (1, 2, 11), (12, 2, 13)]
)
def test_a_search_looks_at_ten_neighbours_at_least(
    engine: Engine, store: FlatStore, monkeypatch: pytest.MonkeyPatch, top_k: int, like: int | None, looked_at: int
) -> None:
    asked: list[int] = []
    search = store.search

    def count(queries: Any, k: int, **options: Any) -> Any:
        asked.append(k)
        return search(queries, k, **options)

    monkeypatch.setattr(store, "search", count)
    find(engine, "red", top_k, like=like)
    assert asked == [looked_at]


def test_minus_words_leave_pictures_behind(engine: Engine, encoder: ColourEncoder) -> None:
    assert {hit.row.id for hit in find(engine, "red blue", 2, explain=False).hits} == {1, 3}
    encoder.text_batches.clear()
    minus = find(engine, "red blue -red", 4, explain=False).hits
    assert minus[0].row.id == 3
    assert encoder.text_batches == [1, 1], "what is wanted and what is not are runs of their own, as in the index"


def test_a_picture_finds_its_like(engine: Engine) -> None:
    answer = find_by_image(engine, Image.new("RGB", (30, 30), (0, 0, 250)), 2)
    assert answer.hits[0].row.id == 3
    assert answer.hits[0].evidence.score > 0.9
    assert (answer.verdict, answer.match_probability) == (None, None)
    assert all(hit.explanation.text and hit.explanation.source == "evidence" for hit in answer.hits)


def test_more_like_this_leaves_the_picture_itself_out(engine: Engine) -> None:
    assert {hit.row.id for hit in find(engine, "", 50, like=1).hits} == {2, 3, 4}
    assert len(find(engine, "", 2, like=1).hits) == 2


@pytest.mark.parametrize(("weight", "first"), [(0.0, 2), (1.0, 3)])
def test_words_and_a_picture_count_by_the_weight(engine: Engine, weight: float, first: int) -> None:
    blue = Image.new("RGB", (30, 30), (0, 0, 250))
    assert find_by_image(engine, blue, 1, query="green", picture_weight=weight).hits[0].row.id == first


@pytest.mark.parametrize("unknown", [99, -1, 0, 2**70])
def test_more_like_an_unknown_picture_is_refused(engine: Engine, unknown: int) -> None:
    with pytest.raises(ImageNotFound, match=f"'id {unknown}'"):
        find(engine, "", 1, like=unknown)


def test_a_search_and_its_explanation_later_say_the_same(engine: Engine) -> None:
    at_once = find(engine, "red green", 4)
    later = explain(engine, "red green", [hit.row.id for hit in at_once.hits])
    assert [(hit.row.id, hit.explanation, hit.evidence.words, hit.evidence.verdict) for hit in later.hits] == [
        (hit.row.id, hit.explanation, hit.evidence.words, hit.evidence.verdict) for hit in at_once.hits
    ]


def test_a_heatmap_says_where_and_costs_one_encoding_beside_its_check(engine: Engine, encoder: ColourEncoder) -> None:
    [hit] = explain(engine, "red", [1], heatmap=True, explain=False).hits
    assert hit.evidence.heatmap is not None
    assert hit.evidence.heatmap.contributions.shape == (2, 2)
    assert hit.evidence.heatmap.box == (0.25, 0.0, 0.75, 1.0)
    assert hit.evidence.occlusion is not None
    assert encoder.pictures_seen == 1 + 1 + hit.evidence.occlusion.draws
    assert 0 < hit.evidence.occlusion.hottest_drop < 1e-3, "three red quarters are nearly as red as four"
    assert (hit.explanation.text, hit.evidence.words) == ("", ())
    [without] = explain(engine, "red", [1]).hits
    assert (without.evidence.heatmap, without.evidence.occlusion) == (None, None)


def test_a_picture_that_went_away_is_explained_without_a_heatmap(engine: Engine, library: Library) -> None:
    library.image_file("grey.png").unlink()
    gone, there = explain(engine, "grey", [4, 1], heatmap=True).hits
    assert (gone.evidence.heatmap, gone.evidence.occlusion) == (None, None)
    assert gone.explanation.text
    assert there.evidence.heatmap is not None


def test_explaining_an_unknown_picture_is_refused_before_anything_is_embedded(
    engine: Engine, encoder: ColourEncoder
) -> None:
    with pytest.raises(ImageNotFound):
        explain(engine, "red", [1, 99])
    assert encoder.text_batches == []


def test_a_calibrated_search_is_as_sure_as_its_best_hit(encoder: ColourEncoder, store: FlatStore, library: Library) -> None:
    weights = MatchWeights(bias=-5, score=10, mean_score=0, log_words=0)
    calibration = MatchCalibration(centroid=(0, 0, 0, 0), with_caption=weights, without_caption=weights, fit={})
    ranker = Ranker(store, None, calibration)
    engine = Engine(encoder, ranker, library, EvidenceExplainer(), captions=Captions(library, None), limits=RequestLimits())
    found, lost = find(engine, "red", 4), find(engine, "red green blue grey", 4)
    assert (found.verdict, found.hits[-1].evidence.verdict) == ("strong", "none")
    assert found.match_probability == found.hits[0].evidence.match_probability
    assert lost.verdict == "weak"


def test_a_query_that_is_too_long_is_cut_everywhere_and_says_so(engine: Engine, encoder: ColourEncoder) -> None:
    encoder.context_words = 3
    answer = find(engine, "a red square and a green one -'blue and wide grey'", 4)
    assert answer.query_read == 'a red square -"blue and wide"'
    assert [word.word for word in answer.hits[0].evidence.words] == ["red", "square"]
    assert "green" not in answer.hits[0].explanation.text.replace("a green square", "")
    explained = explain(engine, "a red square and a green one", [1])
    assert explained.query_read == "a red square"


def test_a_query_that_fits_is_not_said_to_be_cut(engine: Engine) -> None:
    assert find(engine, "a red square -blue", 1).query_read is None
    assert explain(engine, "red", [1]).query_read is None


def test_what_is_left_out_shares_one_run_of_the_text_tower(engine: Engine, encoder: ColourEncoder) -> None:
    engine.search(engine.limits.check_search("red -green -blue -grey", 2, explain=False))
    assert encoder.text_batches == [1, 3]
