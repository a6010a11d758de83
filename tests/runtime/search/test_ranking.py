"""Ranker: the evidence for each hit, from the pictures' and the captions' vectors and the calibration."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.artefacts.model_records import CosineLevels, EncoderRecord
from runtime.library.image_rows import ImageRow
from runtime.search.caption_stance import Statement
from runtime.search.embedded_query import Query
from runtime.search.evidence import Evidence
from runtime.search.hits import best_first
from runtime.search.query import parse_query
from runtime.search.ranking import Ranker
from runtime.stores.flat import FlatStore
from tests.sample_library import MODELS

AXES = np.eye(3, dtype=np.float32)
CALIBRATION = MatchCalibration(
    centroid=(0.1, 0.1, 0.1),
    with_caption=MatchWeights(bias=-4, score=4, mean_score=0, log_words=0, caption_score=4),
    without_caption=MatchWeights(bias=-2, score=4, mean_score=0, log_words=0),
    fit={},
)
ROWS = [
    ImageRow(1, "1.jpg", "", 1, 1, 1, "a boat"),
    ImageRow(2, "2.jpg", "", 1, 1, 1, None),
    ImageRow(3, "3.jpg", "", 1, 1, 1, "a boat at sunset"),
]


def store_of(vectors: dict[int, list[float]]) -> FlatStore:
    store = FlatStore(3)
    matrix = np.array(list(vectors.values()), dtype=np.float32)
    store.add(list(vectors), matrix / np.linalg.norm(matrix, axis=1, keepdims=True))
    return store


@pytest.fixture
def ranker() -> Ranker:
    pictures = store_of({1: [1, 0, 0], 2: [1, 0, 0], 3: [1, 1, 0]})
    return Ranker(pictures, store_of({1: [1, 0, 0], 3: [1, 1, 0]}), CALIBRATION)


def probabilities_of(hits: list[Evidence]) -> list[float]:
    probabilities = [hit.match_probability for hit in hits if hit.match_probability is not None]
    assert len(probabilities) == len(hits)
    return probabilities


def boat(query: str = "a boat", unwanted: tuple[np.ndarray, ...] = (), *picture: Any) -> Query:
    """The query, whose wanted words have the first axis; `picture` is one and its weight."""
    parsed = parse_query(query)
    statements = tuple(Statement.of(phrase.text) for phrase in (parsed.wanted, *parsed.unwanted))
    return Query(parsed, AXES[0], statements, unwanted, *picture)


def judged(ranker: Ranker, query: Query) -> list[Evidence]:
    """The evidence for all three, which are the neighbours, too."""
    return ranker.judge(query, ROWS, ranker.vectors_of([row.id for row in ROWS]))


def test_picture_and_caption_both_count_and_a_missing_caption_is_none(ranker: Ranker) -> None:
    first, second, third = judged(ranker, boat())
    assert (first.score, first.caption_score) == pytest.approx((1, 1))
    assert second.caption_score is None
    assert first.match_probability == pytest.approx(1 / (1 + np.exp(-4)))
    assert second.match_probability == pytest.approx(1 / (1 + np.exp(-2)))
    assert third.score == pytest.approx(np.sqrt(0.5))
    assert first.verdict == "strong"


def test_what_shows_an_unwanted_thing_is_no_match(ranker: Ranker) -> None:
    plain = judged(ranker, boat())
    minus = judged(ranker, boat("a boat -sunset", (AXES[1],)))
    assert minus[2].score == plain[2].score
    before, after = probabilities_of(plain), probabilities_of(minus)
    assert after[2] < 0.5 * before[2]
    assert after[0] > 0.95 * before[0]


def test_the_best_caption_of_the_ten_nearest_counts_and_no_other() -> None:
    weights = MatchWeights(bias=0, score=0, mean_score=0, log_words=0, best_caption_score=1)
    calibration = MatchCalibration(centroid=(0, 0, 0), with_caption=weights, without_caption=weights, fit={})
    rows = [ImageRow(at, f"{at}.jpg", "", 1, 1, 1, "a boat") for at in range(12)]
    captions = store_of({at: [1, 11 - at, 0] for at in range(12)})  # the later, the more a boat
    ranker = Ranker(captions, captions, calibration)
    vectors = captions.vectors_of(range(12))
    for neighbours, best in ((None, 9), (rows[:3], 2), (rows, 11)):
        known = ranker.judge(boat(), rows, vectors, neighbours)
        assert probabilities_of(known) == pytest.approx([1 / (1 + np.exp(-vectors[best, 0]))] * 12)


def test_the_number_of_content_words_and_the_mean_score_count() -> None:
    weights = MatchWeights(bias=0, score=0, mean_score=10, log_words=1)
    calibration = MatchCalibration(centroid=(0.1, 0.2, 0.3), with_caption=weights, without_caption=weights, fit={})
    ranker = Ranker(store_of({1: [1, 0, 0], 2: [1, 0, 0], 3: [1, 1, 0]}), None, calibration)
    odds = np.exp(10 * 0.1 + np.log(3))
    assert probabilities_of(judged(ranker, boat("a red boat")))[0] == pytest.approx(odds / (1 + odds))


@pytest.fixture
def encoder() -> EncoderRecord:
    """The record of an encoder whose own logit says that even odds lie at a cosine of .5."""
    sample = read_models_manifest(MODELS).clip
    levels = CosineLevels(low_score=0.1)
    return sample.model_copy(update={"dimension": 3, "logit_scale": 8.0, "logit_bias": -4.0, "cosine_levels": levels})


def test_without_calibration_an_encoder_trained_on_pairs_gives_a_first_probability(encoder: EncoderRecord) -> None:
    pictures = store_of({1: [1, 0, 0], 2: [0, 1, 0], 3: [1, 1, 0]})
    known = judged(Ranker(pictures, encoder=encoder), boat())
    cosines = pictures.vectors_of([1, 2, 3]) @ AXES[0]
    assert probabilities_of(known) == pytest.approx(1 / (1 + np.exp(4 - 8 * cosines)))
    assert [hit.levels.low_score for hit in known] == [0.1] * 3
    [by_picture] = Ranker(pictures, encoder=encoder).judge(
        Query(parse_query(""), None, (), (), AXES[0], 1.0), ROWS[:1], pictures.vectors_of([1])
    )
    assert (by_picture.match_probability, by_picture.levels.low_score) == (None, 0.1)


def test_a_calibration_fitted_to_the_library_goes_before_the_encoders_own(ranker: Ranker, encoder: EncoderRecord) -> None:
    pictures = store_of({1: [1, 0, 0], 2: [1, 0, 0], 3: [1, 1, 0]})
    both = Ranker(pictures, store_of({1: [1, 0, 0], 3: [1, 1, 0]}), CALIBRATION, encoder=encoder)
    assert probabilities_of(judged(both, boat())) == probabilities_of(judged(ranker, boat()))


def test_an_encoder_trained_on_batches_gives_no_probability(encoder: EncoderRecord) -> None:
    by_batches = encoder.model_copy(update={"logit_bias": None})
    pictures = store_of({1: [1, 0, 0], 2: [0, 1, 0], 3: [1, 1, 0]})
    known = judged(Ranker(pictures, encoder=by_batches), boat())
    assert [(hit.match_probability, hit.verdict) for hit in known] == [(None, None)] * 3


def test_a_mix_is_searched_with_the_spread_of_some_pictures_of_the_library() -> None:
    asked: list[int] = []

    def some_ids(count: int) -> list[int]:
        asked.append(count)
        return [1, 2, 3]

    store = store_of({1: [1, 0.1, 0], 2: [1, 0, 0.5], 3: [1, 0, -0.5]})  # all alike along the words, not along the picture
    mix = boat("a boat", (), AXES[2], 0.9)
    assert Ranker(store).nearest(mix, 1) == [2]
    ranker = Ranker(store, some_ids=some_ids)
    assert [ranker.nearest(mix, 1), ranker.nearest(mix, 1), ranker.nearest(boat(), 1)] == [[2], [2], [1]]
    assert asked == [500], "once, and only for a mix"


def test_a_picture_alone_is_not_judged(ranker: Ranker) -> None:
    evidence = judged(ranker, Query(parse_query(""), None, (), (), AXES[0]))
    assert [known.match_probability for known in evidence] == [None] * 3
    assert [known.verdict for known in evidence] == [None] * 3


def test_without_calibration_there_are_scores_and_no_verdicts() -> None:
    ranker = Ranker(store_of({1: [1, 0, 0], 2: [0, 1, 0], 3: [1, 1, 0]}))
    evidence = judged(ranker, boat())
    assert [known.verdict for known in evidence] == [None] * 3
    assert best_first(evidence) == [0, 2, 1], "those whose captions say it come first"


@pytest.mark.parametrize("query", ["the", "?!", "-"])
def test_words_that_name_nothing_are_not_judged(ranker: Ranker, query: str) -> None:
    assert [known.verdict for known in judged(ranker, boat(query))] == [None] * 3


def test_unwanted_words_that_name_nothing_change_nothing(ranker: Ranker) -> None:
    plain, minus = (judged(ranker, asked) for asked in (boat(), boat("a boat -the", (AXES[1],))))
    assert [known.match_probability for known in minus] == [known.match_probability for known in plain]
    without_sunset = boat("a boat -sunset", (AXES[1],)), boat("a boat -the -sunset", (AXES[2], AXES[1]))
    assert probabilities_of(judged(ranker, without_sunset[0])) == probabilities_of(judged(ranker, without_sunset[1]))


def test_hits_are_ordered_by_probability_and_equals_stay_as_they_are() -> None:
    evidence = [Evidence(0.5, match_probability=p) for p in (0.2, 0.9, 0.2, 0.9)]
    assert best_first(evidence) == [1, 3, 0, 2]


def test_captions_and_calibration_of_an_index_are_checked_like_its_other_files(tmp_path: Path) -> None:
    from runtime.errors import ArtefactMissing
    from tests.export.index.small_library import build, draw_many, manifest_of

    draw_many(tmp_path / "photos", ["a.png", "b.png"])
    build(tmp_path / "photos", tmp_path / "index")
    captions = manifest_of(tmp_path / "index").captions
    assert captions
    (tmp_path / "index" / captions.path).unlink()
    with pytest.raises(ArtefactMissing, match="caption_index"):
        manifest_of(tmp_path / "index")
