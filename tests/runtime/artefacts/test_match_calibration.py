"""From scores to a probability: monotone where it should be, and honest about what is missing."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import (
    FEATURES,
    Compared,
    MatchCalibration,
    MatchWeights,
    QueryContext,
    match_features,
)

CALIBRATION = MatchCalibration(
    centroid=(0.0, 1.0),
    with_caption=MatchWeights(bias=-2, score=4, mean_score=-1, log_words=-0.5, caption_score=2, best_caption_score=1),
    without_caption=MatchWeights(bias=-1, score=4, mean_score=-1, log_words=-0.5),
    fit={},
)
TEXT = np.array([0.6, 0.8], dtype=np.float32)
SILENT, AGREES, CONTRADICTS = (0.0, 0.0, 0.25), (1.0, 0.0, 1.0), (0.0, 1.0, 0.5)
# As indexes of the last release have it.
EARLIER = {
    "centroid": [0.0, 1.0],
    "with_caption": {
        "bias": -2, "score": 4, "mean_score": -1, "log_words": -0.5, "caption_score": 2, "best_caption_score": 1
    },
    "without_caption": {
        "bias": -1, "score": 4, "mean_score": -1, "log_words": -0.5, "caption_score": 0, "best_caption_score": 0
    },
    "fit": {"questions": 500, "pictures": 300, "auroc": 0.98},
}  # fmt: skip


def context_of(*neighbour_scores: float, words: int = 3, phrases: int = 2) -> QueryContext:
    return CALIBRATION.query_context(
        TEXT, words=words, phrases=phrases, scores=np.array([0.3, 0.9]), neighbour_scores=np.array(neighbour_scores)
    )


def features_of(
    scores: list[float], caption_scores: list[float], *said: tuple[float, float, float], context: QueryContext | None = None
) -> NDArray[np.float64]:
    told = np.array(said or [SILENT] * len(scores)).reshape(-1, 3)
    return match_features(context or context_of(0.7), np.array(scores), np.array(caption_scores), told)


def logistic(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def test_the_context_holds_the_mean_cosine_and_the_best_picture_and_caption_that_are_known() -> None:
    context = context_of(0.2, np.nan, 0.7)
    assert context.mean_score == pytest.approx(0.8)
    assert (context.best_score, context.best_caption_score, context.words, context.phrases) == (0.9, 0.7, 3, 2)
    assert np.isnan(context_of(np.nan).best_caption_score)


def test_a_search_that_finds_nothing_has_a_context() -> None:
    nothing = np.zeros(0)
    context = CALIBRATION.query_context(TEXT, words=1, phrases=1, scores=nothing, neighbour_scores=nothing)
    assert context.best_score == -1
    assert np.isnan(context.best_caption_score)


def test_the_features_have_a_column_for_each_weight_in_its_place() -> None:
    features = features_of([0.5, 0.25], [0.4, np.nan], AGREES, CONTRADICTS)
    first = {
        "score": 0.5,
        "mean_score": 0.8,
        "log_words": np.log(4),
        "log_phrases": np.log(3),
        "best_score": 0.9,
        "caption_score": 0.4,
        "best_caption_score": 0.7,
        "agrees": 1,
        "contradicts": 0,
        "coverage": 1,
    }
    second = first | {"score": 0.25, "caption_score": np.nan, "agrees": 0, "contradicts": 1, "coverage": 0.5}
    assert features.shape == (2, len(FEATURES))
    for row, wanted in zip(features, (first, second), strict=True):
        assert dict(zip(FEATURES, row, strict=True)) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("name", FEATURES)
def test_each_weight_weighs_its_own_feature(name: str) -> None:
    weights = MatchWeights.model_validate({"bias": 0.5, "score": 0, "mean_score": 0} | {name: 2})
    features = features_of([0.5], [0.4], (0.25, 0.125, 0.5))
    assert weights.log_odds(features) == pytest.approx(0.5 + 2 * features[:, FEATURES.index(name)])


def test_probability_is_the_logistic_of_the_features() -> None:
    log_odds = -2 + 4 * 0.5 - 0.8 - 0.5 * np.log(4) + 2 * 0.4 + 0.7
    [probability] = CALIBRATION.probabilities(features_of([0.5], [0.4]), "nothing")
    assert probability == pytest.approx(logistic(log_odds))


def test_a_hit_without_a_caption_is_judged_by_what_needs_none() -> None:
    without, with_caption = CALIBRATION.probabilities(features_of([0.5, 0.5], [np.nan, 0.4]), "whole")
    assert without == pytest.approx(logistic(-1 + 4 * 0.5 - 0.8 - 0.5 * np.log(4)))
    assert without != with_caption


def test_where_no_caption_is_known_none_is_used() -> None:
    features = features_of([0.5, 0.9], [np.nan, np.nan], context=context_of(np.nan, np.nan))
    probabilities = CALIBRATION.probabilities(features, "whole")
    assert np.isfinite(probabilities).all()
    assert probabilities[1] > probabilities[0]


def test_no_hits_have_no_probabilities() -> None:
    assert CALIBRATION.probabilities(features_of([], [], context=context_of()), "whole").shape == (0,)


@pytest.mark.parametrize("compared", ["whole", "part", "nothing"])
def test_an_index_of_the_last_release_is_read_and_judges_as_before(compared: Compared) -> None:
    calibration = MatchCalibration.model_validate_json(json.dumps(EARLIER))
    log_odds = -2 + 4 * 0.5 - 0.8 - 0.5 * np.log(4) + 2 * 0.4 + 0.7
    for said in (SILENT, AGREES, CONTRADICTS):
        [with_caption] = calibration.probabilities(features_of([0.5], [0.4], said), compared)
        assert with_caption == pytest.approx(logistic(log_odds)), "words of captions and noun phrases weigh nothing"
        [without] = calibration.probabilities(features_of([0.5], [np.nan], said), compared)
        assert without == pytest.approx(logistic(-1 + 4 * 0.5 - 0.8 - 0.5 * np.log(4)))
    assert calibration.same_meaning_cosine is None


def bias(log_odds: float) -> MatchWeights:
    return MatchWeights(bias=log_odds, score=0, mean_score=0)


def test_each_kind_of_text_has_weights_of_its_own_and_so_have_captions_that_agree() -> None:
    calibration = CALIBRATION.model_copy(
        update={
            "agreeing": bias(6),
            "not_agreeing": bias(4).model_copy(update={"contradicts": -7}),
            "part_of_text": bias(3).model_copy(update={"agrees": 2}),
            "with_caption": bias(2),
            "without_caption": bias(1),
        }
    )
    features = features_of([0.5] * 4, [0.4, 0.4, 0.4, np.nan], AGREES, SILENT, CONTRADICTS, AGREES)
    judged = {compared: calibration.probabilities(features, compared) for compared in ("whole", "part", "nothing")}
    assert judged == {
        "whole": pytest.approx([logistic(6), logistic(4), logistic(-3), logistic(1)]),
        "part": pytest.approx([logistic(5), logistic(3), logistic(3), logistic(1)]),
        "nothing": pytest.approx([logistic(2), logistic(2), logistic(2), logistic(1)]),
    }


def test_a_calibration_goes_through_json_unchanged() -> None:
    numbers = {"agreeing_are_right": 0.9, "same_meaning_cosine": 0.8}
    weights = {"agreeing": bias(4), "not_agreeing": bias(-1), "part_of_text": bias(3)}
    calibration = CALIBRATION.model_copy(update=weights | numbers)
    assert MatchCalibration.model_validate_json(calibration.model_dump_json()) == calibration
    old = MatchCalibration.model_validate(EARLIER)
    assert MatchCalibration.model_validate_json(old.model_dump_json()) == old


def test_captions_whose_reliability_was_not_measured_are_not_believed() -> None:
    assert CALIBRATION.agreeing_are_right == 0
