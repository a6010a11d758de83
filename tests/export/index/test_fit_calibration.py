"""The logistic that is fitted to the answers of questions, and what the calibration of a library knows."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from rich.console import Console

from export.index.catalog import IndexedImage
from export.index.fit_calibration import PICTURES_MIN, calibrate
from export.index.logistic import auroc, fit_logistic
from runtime.artefacts.match_calibration import MatchCalibration, match_features
from runtime.search.testimony import Statement, compare, noun_phrases, said_features
from runtime.stores.flat import FlatStore
from tests.export.index.word_world import DIMENSION, NOUNS, World, make_world

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


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(3.5 / 4)
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5


def stores_of(world: World) -> tuple[FlatStore, FlatStore]:
    """The stores of the pictures and of the captions, their ids from 1 on."""
    stores = FlatStore(DIMENSION), FlatStore(DIMENSION)
    for store, vectors in zip(stores, (world.pictures, world.encoder.embed_texts(world.captions)), strict=True):
        store.add(range(1, len(vectors) + 1), vectors)
    return stores


def calibrated(world: World, captions: Sequence[str] | None = None) -> MatchCalibration | None:
    """The calibration of a world; `captions` are told in place of its own."""
    told = enumerate(captions or world.captions, start=1)
    rows = [IndexedImage(number, f"{number}.jpg", str(number), 1, 1, 1, caption, 1) for number, caption in told]
    return calibrate(rows, *stores_of(world), world.encoder.embed_texts, Console(file=io.StringIO()))


@pytest.fixture(scope="module")
def spoiled() -> dict[float, tuple[World, MatchCalibration]]:
    """Worlds and their calibrations, by the share of their captions' words that is wrong."""
    worlds = {wrong: make_world(300, wrong=wrong) for wrong in (0.0, 0.2, 0.5)}
    found = {wrong: (world, calibrated(world)) for wrong, world in worlds.items()}
    return {wrong: (world, calibration) for wrong, (world, calibration) in found.items() if calibration}


def best_chance(world: World, calibration: MatchCalibration, query: str) -> float:
    """How likely the best of the ten nearest pictures shows what a query says."""
    pictures, captions = stores_of(world)
    [text] = world.encoder.embed_texts([query])
    ids, scores = pictures.search(text[None], 10)
    caption_scores = captions.vectors_of(ids[0]) @ text
    statement = Statement.of(query)
    said = said_features([compare(statement, noun_phrases(world.captions[image_id - 1])) for image_id in ids[0]])
    context = calibration.query_context(text, words=len(query.split()), phrases=1, neighbour_scores=caption_scores)
    return float(calibration.probabilities(match_features(context, scores[0], caption_scores, said), "whole").max())


def test_a_fitted_library_knows_its_pictures_from_what_it_lacks(
    spoiled: dict[float, tuple[World, MatchCalibration]],
) -> None:
    world, calibration = spoiled[0.0]
    assert calibration.fit["auroc"] > 0.9
    there = [noun_phrases(caption)[0] for caption in world.captions[:40]]
    lacking = [f"{colour} zzz{noun}" for colour, noun in zip(("red", "blue") * 20, NOUNS[:40], strict=True)]
    assert np.mean([best_chance(world, calibration, f"{thing.colours[0]} {thing.noun}") for thing in there]) > 0.8
    assert np.mean([best_chance(world, calibration, query) for query in lacking]) < 0.2


def test_captions_are_trusted_less_the_more_of_their_words_are_wrong(
    spoiled: dict[float, tuple[World, MatchCalibration]],
) -> None:
    good, middling, bad = (calibration for _, calibration in spoiled.values())
    assert good.agreeing_are_right > 0.9 > middling.agreeing_are_right > bad.agreeing_are_right
    part = [calibration.part_of_text for calibration in (good, middling, bad)]
    whole = [calibration.not_agreeing for calibration in (good, middling, bad)]
    agrees = [weights.agrees for weights in part if weights]
    contradicts = [-weights.contradicts for weights in whole if weights]
    for weights in (agrees, contradicts):
        assert len(weights) == 3
        assert min(weights) > 0, weights
        assert sorted(weights, reverse=True) == weights


def test_where_the_captions_agree_the_pictures_are_rather_matches(
    spoiled: dict[float, tuple[World, MatchCalibration]],
) -> None:
    for world, calibration in spoiled.values():
        [text] = world.encoder.embed_texts(["red band"])
        context = calibration.query_context(text, words=2, phrases=1, neighbour_scores=np.array([0.6]))
        said = np.array([[1, 0], [0, 0], [0, 1]])
        for cosine in (0.3, 0.5):
            cosines = np.full(3, cosine)
            agrees, silent, contradicts = calibration.probabilities(match_features(context, cosines, cosines, said), "whole")
            assert agrees > silent > contradicts


def test_the_calibration_says_how_it_was_fitted(spoiled: dict[float, tuple[World, MatchCalibration]]) -> None:
    world, calibration = spoiled[0.0]
    fit = calibration.fit
    assert (fit["questions"], fit["pictures"]) == (500, pytest.approx(300, rel=0.1))
    assert max(fit["caption_words_wrong"], fit["things_not_captioned"]) < 0.05
    assert np.asarray(calibration.centroid) == pytest.approx(world.pictures.mean(axis=0), abs=0.01)
    assert calibration.without_caption.caption_score == calibration.without_caption.best_caption_score == 0
    assert calibration.with_caption.agrees == calibration.with_caption.contradicts == 0
    assert MatchCalibration.model_validate_json(calibration.model_dump_json()) == calibration


def test_the_same_library_gets_the_same_calibration() -> None:
    first, second = (calibrated(make_world(48)) for _ in range(2))
    assert first is not None
    assert first == second


@pytest.mark.parametrize("count", [1, PICTURES_MIN - 1])
def test_too_few_captions_give_no_calibration(count: int) -> None:
    assert calibrated(make_world(count)) is None


@pytest.mark.parametrize("caption", ["a boat", "of the"])
def test_captions_that_are_all_alike_give_no_calibration(caption: str) -> None:
    assert calibrated(make_world(40), [caption] * 40) is None


def test_a_library_whose_only_captions_that_name_something_fit_worst_gets_no_calibration() -> None:
    world = make_world(40)
    captions = [*world.captions[:2], *["of the"] * 38]
    world.pictures[:2] = -world.encoder.embed_texts(captions[:2])
    assert calibrated(world, captions) is None
