"""From scores to a probability: monotone where it should be, and honest about what is missing."""

import numpy as np
import pytest

from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights

CALIBRATION = MatchCalibration(
    centroid=(0.0, 1.0),
    with_caption=MatchWeights(bias=-2, score=4, mean_score=-1, log_words=-0.5, caption_score=2, best_caption_score=1),
    without_caption=MatchWeights(bias=-1, score=4, mean_score=-1, log_words=-0.5),
    fit={},
)
TEXT = np.array([0.6, 0.8], dtype=np.float32)


def test_the_context_holds_the_mean_cosine_and_the_best_known_caption() -> None:
    context = CALIBRATION.query_context(TEXT, 3, np.array([0.2, np.nan, 0.7]))
    assert (context.mean_score, context.best_caption_score, context.words) == (pytest.approx(0.8), 0.7, 3)


def test_probability_is_the_logistic_of_the_features() -> None:
    context = CALIBRATION.query_context(TEXT, 3, np.array([0.7]))
    log_odds = -2 + 4 * 0.5 - 0.8 - 0.5 * np.log(4) + 2 * 0.4 + 0.7
    [probability] = CALIBRATION.probabilities(context, np.array([0.5]), np.array([0.4]))
    assert probability == pytest.approx(1 / (1 + np.exp(-log_odds)))


def test_a_hit_without_a_caption_is_judged_by_what_needs_none() -> None:
    context = CALIBRATION.query_context(TEXT, 3, np.array([0.7]))
    without, with_caption = CALIBRATION.probabilities(context, np.array([0.5, 0.5]), np.array([np.nan, 0.4]))
    log_odds = -1 + 4 * 0.5 - 0.8 - 0.5 * np.log(4)
    assert without == pytest.approx(1 / (1 + np.exp(-log_odds)))
    assert without != with_caption


def test_where_no_caption_is_known_none_is_used() -> None:
    context = CALIBRATION.query_context(TEXT, 3, np.array([np.nan, np.nan]))
    probabilities = CALIBRATION.probabilities(context, np.array([0.5, 0.9]), np.array([np.nan, np.nan]))
    assert np.isfinite(probabilities).all()
    assert probabilities[1] > probabilities[0]


def test_no_hits_have_no_probabilities() -> None:
    context = CALIBRATION.query_context(TEXT, 3, np.array([]))
    assert CALIBRATION.probabilities(context, np.array([]), np.array([])).shape == (0,)
