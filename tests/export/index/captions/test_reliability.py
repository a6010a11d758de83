"""How far captions are to be trusted: measured without labels, in a world where the truth is known."""

import random

import numpy as np
import pytest

from export.index.captions.reliability import (
    EXCHANGES,
    NOUNS_TRIED,
    SHARE_MAX,
    CaptionReliability,
    Vocabulary,
    measure_reliability,
    without_omitted,
)
from runtime.search.noun_phrases import noun_phrases
from runtime.search.words import COLOURS
from tests.export.index.word_world import NOUNS, World, ignorant, make_world

PICTURES = 300
# Both figures are upper bounds: where pictures cannot tell, captions count as wrong. So far they may lie above the truth.
TOO_HIGH, TOO_LOW = 0.15, 0.05


def measured(world: World, seed: int = 7) -> CaptionReliability:
    return measure_reliability(world.captions, world.pictures, world.encoder.embed_texts, random.Random(seed))


def test_the_share_of_wrong_words_is_near_the_truth_and_rises_with_it() -> None:
    wrong = {share: measured(make_world(PICTURES, wrong=share)).wrong for share in (0.0, 0.2, 0.5)}
    assert wrong[0.0] < 0.05
    assert all(share - TOO_LOW < known < share + TOO_HIGH for share, known in wrong.items()), wrong
    assert sorted(wrong.values()) == list(wrong.values())


def test_the_share_of_omitted_things_is_near_the_truth_and_rises_with_it() -> None:
    found = {share: measured(make_world(PICTURES, omitted=share)) for share in (0.0, 0.25, 0.5)}
    omitted = {share: known.omitted for share, known in found.items()}
    assert omitted[0.0] < 0.05
    assert all(share - 2 * TOO_LOW < known < share + TOO_HIGH for share, known in omitted.items()), omitted
    assert sorted(omitted.values()) == list(omitted.values())
    assert max(known.wrong for known in found.values()) < TOO_HIGH, "what is not said is not wrong"


def test_a_thing_that_is_called_something_else_is_omitted() -> None:
    assert measured(make_world(PICTURES, wrong=0.2)).omitted == pytest.approx(0.2, abs=0.1)


def test_an_encoder_that_knows_nothing_gives_no_trust() -> None:
    world = make_world(PICTURES)
    known = measure_reliability(world.captions, world.pictures, ignorant, random.Random(7))
    assert known.wrong > 0.7
    assert known.omitted > 0.7
    assert max(known.wrong, known.omitted) <= SHARE_MAX


def test_the_same_captions_are_measured_the_same_each_time() -> None:
    world = make_world(100, wrong=0.3, omitted=0.3)
    assert measured(world) == measured(world)
    assert measured(world, seed=8) != measured(world)


def test_about_a_thousand_runs_of_the_text_tower_are_enough() -> None:
    world = make_world(PICTURES)
    measured(world)
    assert 0 < world.encoder.read - len(world.captions) <= 3 * EXCHANGES + NOUNS_TRIED


@pytest.mark.parametrize("captions", [["a boat"] * 30, ["of the"] * 30])
def test_captions_without_two_words_to_compare_are_not_trusted(captions: list[str]) -> None:
    pictures = make_world(len(captions)).pictures
    known = measure_reliability(captions, pictures, ignorant, random.Random(1))
    assert known == CaptionReliability(wrong=SHARE_MAX, omitted=0.5)


def vocabulary_of(*captions: str) -> Vocabulary:
    return Vocabulary([noun_phrases(caption) for caption in captions])


def test_a_word_is_exchanged_for_another_of_its_kind() -> None:
    vocabulary = vocabulary_of("a red boat and two dogs", "a blue house and cats", "a green boat and red birds")
    rng = random.Random(1)
    drawn = {word: {vocabulary.another(word, rng) for _ in range(50)} for word in ("red", "boat", "dogs")}
    assert drawn == {"red": {"blue", "green"}, "boat": {"house"}, "dogs": {"cats", "birds"}}
    assert {vocabulary.another("red", rng, "blue") for _ in range(20)} == {"green"}
    assert vocabulary.another("dogs", rng, "cat", "bird") == "dogs", "there is no other"
    assert vocabulary_of("a boat").another("red", rng) == "red"


def test_the_words_of_a_caption_are_its_nouns_and_colours_on_average() -> None:
    assert vocabulary_of("two small red boats and a dog", "", "a blue and white house").words_of_a_caption == 2.0


def test_a_misread_caption_has_its_words_exchanged_at_a_chance() -> None:
    vocabulary, rng = (
        Vocabulary([noun_phrases(f"a {colour} {noun}") for colour in COLOURS for noun in NOUNS]),
        random.Random(3),
    )
    caption = "a Red band next to two grey belts"
    assert vocabulary.misread(caption, 0.0, rng) == caption
    [red, band, grey, belts] = np.array(
        [
            [
                word != known
                for word, known in zip(vocabulary.misread(caption, 0.3, rng).split(), caption.split(), strict=True)
            ]
            for _ in range(1000)
        ]
    ).T[[1, 2, 6, 7]]
    assert (red.mean(), band.mean(), grey.mean()) == pytest.approx((0.3, 0.3, 0.3), abs=0.06)
    assert not belts.any(), "no other plural is known"


def test_a_misread_word_is_exchanged_as_a_whole() -> None:
    vocabulary = vocabulary_of("a red boat", "a blue boat")
    assert vocabulary.misread("a reddish boat and a red boat", 1.0, random.Random(1)) == "a reddish boat and a blue boat"


def test_things_are_omitted_at_a_chance() -> None:
    reading, rng = noun_phrases("a red boat and a dog"), random.Random(2)
    assert without_omitted(reading, 0.0, rng) == reading
    assert without_omitted(reading, 1.0, rng) == ()
    kept = [len(without_omitted(reading, 0.3, rng)) for _ in range(1000)]
    assert np.mean(kept) == pytest.approx(2 * 0.7, abs=0.06)
    assert {len(without_omitted(reading, 0.3, rng)) for _ in range(50)} == {0, 1, 2}


@pytest.mark.parametrize(("wrong", "words", "share"), [(0.0, 4, 0.0), (0.1, 1, 0.1), (0.1, 3, 0.271), (1.0, 2, 1.0)])
def test_a_caption_has_errors_unless_each_of_its_words_is_right(wrong: float, words: float, share: float) -> None:
    assert CaptionReliability(wrong, 0.0).share_with_errors(words) == pytest.approx(share)
