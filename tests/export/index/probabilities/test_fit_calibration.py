"""What the calibration of a library knows, in worlds where the truth is known."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from export.index.catalog import IndexedImage
from export.index.probabilities.fit_calibration import HEARD_FROM, PICTURES_MIN, calibrate
from runtime.artefacts.match_calibration import MatchCalibration, match_features
from runtime.search.caption_stance import Statement, compare, stance_features
from runtime.search.noun_phrases import noun_phrases
from runtime.stores.flat import FlatStore
from tests.export.index.word_world import DIMENSION, NOUNS, World, make_world


@pytest.fixture
def few_questions() -> None:
    """Fit to all of them here."""


def stores_of(world: World) -> tuple[FlatStore, FlatStore]:
    """The stores of the pictures and of the captions, their ids from 1 on."""
    stores = FlatStore(DIMENSION), FlatStore(DIMENSION)
    for store, vectors in zip(stores, (world.pictures, world.encoder.embed_texts(world.captions)), strict=True):
        store.add(range(1, len(vectors) + 1), vectors)
    return stores


def calibrated(
    world: World, captions: Sequence[str] | None = None, labels: Mapping[str, Sequence[str]] | None = None
) -> MatchCalibration | None:
    """The calibration of a world; `captions` are told in place of its own. The path of its first picture is "1.jpg"."""
    told = enumerate(captions or world.captions, start=1)
    rows = [IndexedImage(number, f"{number}.jpg", str(number), 1, 1, 1, caption, 1) for number, caption in told]
    console = Console(file=io.StringIO())
    return calibrate(rows, *stores_of(world), world.encoder.embed_texts, console, labels=labels)


@pytest.fixture(scope="module")
def spoiled() -> dict[float, tuple[World, MatchCalibration]]:
    """Worlds and their calibrations, by the share of their captions' words that is wrong."""
    worlds = {wrong: make_world(300, wrong=wrong) for wrong in (0.0, 0.05, 0.1, 0.5)}
    found = {wrong: (world, calibrated(world)) for wrong, world in worlds.items()}
    return {wrong: (world, calibration) for wrong, (world, calibration) in found.items() if calibration}


def best_chance(world: World, calibration: MatchCalibration, query: str) -> float:
    """How likely the best of the ten nearest pictures shows what a query says."""
    pictures, captions = stores_of(world)
    [text] = world.encoder.embed_texts([query])
    ids, scores = pictures.search(text[None], 10)
    caption_scores = captions.vectors_of(ids[0]) @ text
    statement = Statement.of(query)
    said = stance_features([compare(statement, noun_phrases(world.captions[image_id - 1])) for image_id in ids[0]])
    context = calibration.query_context(
        text, words=len(query.split()), phrases=1, scores=scores[0], neighbour_scores=caption_scores
    )
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
    calibrations = [calibration for _, calibration in spoiled.values()]
    right = [calibration.agreeing_are_right for calibration in calibrations]
    assert right[0] > 0.9
    assert right[-1] < 0.5
    assert sorted(right, reverse=True) == right
    # of a caption that agrees in part, over one that has none of the words
    agrees = [part.agrees + part.coverage for heard in calibrations[:-1] if (part := heard.part_of_text)]
    assert len(agrees) == 3
    assert min(agrees) > 0


def test_captions_half_of_whose_words_are_wrong_are_not_weighed_by_their_words(
    spoiled: dict[float, tuple[World, MatchCalibration]],
) -> None:
    _, calibration = spoiled[0.5]
    assert (calibration.agreeing, calibration.not_agreeing, calibration.part_of_text) == (None, None, None)
    assert calibration.agreeing_are_right < HEARD_FROM


def test_where_captions_agree_the_pictures_are_rather_matches(spoiled: dict[float, tuple[World, MatchCalibration]]) -> None:
    for wrong in (0.0, 0.05, 0.1):
        world, calibration = spoiled[wrong]
        [text] = world.encoder.embed_texts(["red band"])
        said = np.array([[1, 0, 1], [0, 0, 0.5], [0, 1, 0]])  # agrees, is silent on half of it, contradicts
        cosines = np.full(3, 0.5)
        context = calibration.query_context(text, words=2, phrases=1, scores=cosines, neighbour_scores=cosines)
        agrees, silent, contradicts = calibration.probabilities(match_features(context, cosines, cosines, said), "whole")
        assert agrees > silent >= contradicts
        # without an error, hardly a true match has a caption that disagrees, and so it may be that nothing is fitted to them
        assert silent > contradicts or wrong == 0


def test_the_calibration_says_how_it_was_fitted(spoiled: dict[float, tuple[World, MatchCalibration]]) -> None:
    world, calibration = spoiled[0.0]
    fit = calibration.fit
    assert fit["questions"] == 500
    assert 270 <= fit["pictures"] <= 300, "but those whose captions fit worst"
    assert max(fit["caption_words_wrong"], fit["things_not_captioned"]) < 0.05
    assert np.asarray(calibration.centroid) == pytest.approx(world.pictures.mean(axis=0), abs=0.01)
    assert calibration.without_caption.caption_score == calibration.without_caption.best_caption_score == 0
    assert calibration.with_caption.agrees == calibration.with_caption.contradicts == 0
    assert MatchCalibration.model_validate_json(calibration.model_dump_json()) == calibration


def test_the_same_library_gets_the_same_calibration() -> None:
    first, second = (calibrated(make_world(48)) for _ in range(2))
    assert first is not None
    assert first == second


def test_a_library_that_came_by_way_of_shards_gets_the_same_calibration() -> None:
    world = make_world(48)
    halves = world.pictures.astype(np.float16).astype(np.float32)
    rounded = halves / np.linalg.norm(halves, axis=1, keepdims=True)
    assert not np.array_equal(rounded, world.pictures)
    assert calibrated(replace(world, pictures=rounded)) == calibrated(world)


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


def test_what_people_say_of_the_pictures_tells_how_far_captions_are_right() -> None:
    truth, spoiled = make_world(200), make_world(200, wrong=0.3)
    assert np.array_equal(truth.pictures[0], make_world(200).pictures[0])
    labels = {f"{number}.jpg": [caption] for number, caption in enumerate(truth.captions, start=1)}
    sure, unsure = calibrated(truth, labels=labels), calibrated(truth, spoiled.captions, labels)
    assert sure is not None
    assert unsure is not None
    assert sure.fit["labelled"] == sure.fit["pictures"] == 200
    assert sure.agreeing_are_right > 0.95
    assert unsure.agreeing_are_right < sure.agreeing_are_right


def test_too_few_labels_are_passed_over() -> None:
    world = make_world(60)
    labels = {f"{number}.jpg": ["a boat"] for number in range(1, PICTURES_MIN)}
    without = calibrated(world)
    assert without is not None
    assert calibrated(world, labels=labels) == without
