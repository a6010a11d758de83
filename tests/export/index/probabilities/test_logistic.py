"""The logistic that tells true hits from false ones, and the examples that it is fitted to."""

import numpy as np
import pytest

from export.index.probabilities.logistic import EXAMPLES_MIN, Examples, auroc, fit_logistic
from runtime.artefacts.match_calibration import FEATURES

NAMES = ("score", "mean_score", "log_phrases")


def test_logistic_finds_the_weights_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 3)) * [1, 0.1, 10] + [0, 1, 5]
    truth = np.array([1.0, -8.0, 0.05])
    holds = (rng.random(len(features)) < 1 / (1 + np.exp(-(features @ truth + 8)))).astype(float)
    fitted = fit_logistic(features, holds, NAMES)
    assert (fitted.score, fitted.mean_score, fitted.log_phrases) == pytest.approx(tuple(truth), rel=0.1)
    assert fitted.bias == pytest.approx(8, rel=0.1)
    assert (fitted.log_words, fitted.caption_score, fitted.agrees) == (0, 0, 0), "what is not fitted weighs nothing"


def test_examples_that_fall_wholly_apart_still_give_finite_weights() -> None:
    fitted = fit_logistic(np.array([[0.0, 0, 0], [1, 0, 0]] * 50), np.array([0.0, 1] * 50), NAMES)
    assert np.isfinite(list(fitted.model_dump().values())).all()
    assert fitted.score > 0


def test_the_bias_is_free() -> None:
    fitted = fit_logistic(np.ones((100, 2)), np.repeat([1.0, 0.0], [90, 10]), NAMES[:2])
    assert fitted.bias + fitted.score + fitted.mean_score == pytest.approx(np.log(9))


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(3.5 / 4)
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5


def examples_of(true: int, false: int) -> Examples:
    """True hits of a high score and false ones of a low one, with noise in every other feature."""
    rng, examples = np.random.default_rng(1), Examples()
    for count, score in ((true, 1.0), (false, 0.0)):
        features = rng.normal(size=(count, len(FEATURES)))
        features[:, FEATURES.index("score")] = score
        examples.add(features, np.full(count, score))
    return examples


@pytest.mark.parametrize(("true", "false"), [(0, 0), (EXAMPLES_MIN - 1, 100), (100, EXAMPLES_MIN - 1)])
def test_too_few_examples_of_either_kind_are_not_fitted(true: int, false: int) -> None:
    assert examples_of(true, false).fit(NAMES) is None
    assert Examples().fit(NAMES) is None


def test_examples_are_fitted_by_the_features_that_are_named() -> None:
    examples = examples_of(EXAMPLES_MIN, EXAMPLES_MIN)
    weights = examples.fit(("caption_score", "mean_score", "score"))
    assert weights
    assert weights.score > 1
    assert examples.auroc(weights) == 1.0
    assert weights.caption_score != 0
    assert (weights.log_phrases, weights.agrees) == (0, 0)


def test_noise_tells_nothing() -> None:
    rng, examples = np.random.default_rng(1), Examples()
    examples.add(rng.normal(size=(2000, len(FEATURES))), np.repeat([1.0, 0.0], 1000))
    fitted = examples.fit(NAMES)
    assert fitted
    assert examples.auroc(fitted) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("true", "false", "share"), [(0, 0, 1 / 2), (3, 1, 4 / 6), (0, 8, 1 / 10)])
def test_the_share_of_true_examples_is_never_wholly_sure(true: int, false: int, share: float) -> None:
    assert examples_of(true, false).share == pytest.approx(share)


def test_without_features_every_hit_has_the_share_of_true_examples() -> None:
    examples = examples_of(30, 0)
    [log_odds] = examples.fit_share().log_odds(np.ones((1, len(FEATURES))))
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(examples.share)
