"""Questions made of captions, and which captions agree with them."""

import random

import pytest

from export.index.captions.questions import CaptionQuestions, CaptionReadings
from runtime.search.caption_stance import Statement
from runtime.search.noun_phrases import noun_phrases

CAPTIONS = ["a red boat on the sea", "a blue boat", "two red boats next to a blue house", "", "on the"]


def asked_of(*captions: str) -> set[str]:
    """Almost all questions that there are of some captions."""
    questions, rng = CaptionQuestions([[caption] for caption in captions]), random.Random(1)
    return {questions.draw(rng) for _ in range(2000)}


def answering(question: str) -> set[int]:
    return CaptionReadings([noun_phrases(caption) for caption in CAPTIONS]).agreeing(Statement.of(question))


def test_questions_are_captions_parts_of_them_and_things_of_them() -> None:
    assert asked_of("Two red boats next to a blue house, at night.") == {
        "two red boats next to a blue house at night",  # all words
        "two red boats next to a blue house",  # successive ones, which cut through no noun phrase
        "two red boats next",
        "two red boats",
        "next to a blue house at night",
        "next to a blue house",
        "a blue house at night",
        "a blue house",
        "night",
        "boats",  # one or two of the things, each with or without its detail
        "a house",
        "two red boats and a blue house",
        "two red boats and a house",
        "boats and a blue house",
        "boats and a house",
        "a blue house and two red boats",
        "a blue house and boats",
        "a house and two red boats",
        "a house and boats",
    }


def test_a_question_names_something_and_has_no_loose_ends() -> None:
    asked = asked_of(*CAPTIONS)
    assert all(noun_phrases(question) for question in asked)
    assert not any(question.endswith((" the", " a", " on")) or question.startswith("on ") for question in asked)
    assert not any("red" in question.split() and "boat" not in question for question in asked), "no noun phrase is cut"


def test_a_caption_that_names_nothing_is_no_question() -> None:
    assert CaptionQuestions([["", "a boat"]]).exist
    assert not CaptionQuestions([[""], ["of the", ""], []]).exist


def test_all_captions_of_a_picture_are_asked_for_and_answer() -> None:
    questions, rng = CaptionQuestions([["a boat", "at sunset"], ["sunset"]]), random.Random(1)
    assert {questions.draw(rng) for _ in range(300)} == {"a boat", "at sunset", "sunset"}
    assert questions.readings.agreeing(Statement.of("a boat at sunset")) == {0}
    assert questions.readings.mentioning("sunset") == {0, 1}


@pytest.mark.parametrize(
    ("question", "captions"),
    [
        ("red boat", {0, 2}),  # in any number
        ("two red boats", {2}),
        ("blue boat", {1}),  # the blue house has no blue boat
        ("a boat and a house", {2}),
        ("a blue thing", set()),
        ("boats", {0, 1, 2}),
    ],
)
def test_the_captions_that_agree_answer_a_question(question: str, captions: set[int]) -> None:
    assert answering(question) == captions


def test_captions_that_have_one_word_of_a_question_are_near_misses() -> None:
    readings, rng = CaptionReadings([noun_phrases(caption) for caption in CAPTIONS]), random.Random(1)
    found = [frozenset(readings.mentioning_a_word_of(Statement.of("a blue boat"), rng)) for _ in range(30)]
    assert set(found) == {frozenset({1, 2}), frozenset({0, 1, 2})}
