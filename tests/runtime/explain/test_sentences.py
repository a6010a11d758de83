"""Local sentences: they say what the caption and the picture hold of the query, and of no match only what is missing."""

from dataclasses import replace

import pytest

from runtime.artefacts.model_records import CosineLevels
from runtime.search.evidence import Hit
from runtime.search.query import parse_query
from runtime.search.verdicts import Verdict
from tests.runtime.explain.said import facts, sentence, told_of

SUNSET = "a red boat at sunset"


EVEN = {"red": 0.03, "boat": 0.04, "sunset": 0.03}


def test_a_strong_match_whose_caption_says_all_of_it() -> None:
    assert told_of(SUNSET, "a red boat on the sea at sunset", "strong", **EVEN) == (
        "The caption mentions “red”, “boat” and “sunset”, all that you asked for."
    )
    assert told_of("a boat", "a boat", "strong", boat=0.1) == "The caption mentions “boat”."


def test_words_that_the_caption_has_of_different_things_are_not_all_that_was_asked_for() -> None:
    text = told_of("a red castle", "a castle next to a red tent", "strong", red=0.1, castle=0.1)
    assert text == "The caption mentions “red” and “castle”."


@pytest.mark.parametrize(
    ("verdict", "caption", "drops", "said"),
    [
        (
            "strong",
            "a red boat",
            {"sunset": 0.05},
            "The caption mentions “red” and “boat”, and the picture also seems to show “sunset”.",
        ),
        ("strong", "a red boat", {}, "The caption mentions “red” and “boat”, but not “sunset”."),
        (
            "strong",
            "a boat",
            {"red": 0.05},
            "The caption mentions “boat”, and the picture also seems to show “red”; “sunset” is less clear.",
        ),
        (
            "strong",
            "a cat",
            EVEN,
            "The picture seems to show “red”, “boat” and “sunset”, though the caption does not mention them.",
        ),
        ("strong", "a cat", {"boat": 0.05}, "The picture seems to show “boat”; “red” and “sunset” are less clear."),
        (
            "strong",
            "a cat",
            {},
            "It looks like what you asked for, though the caption does not mention “red”, “boat” or “sunset”.",
        ),
        ("weak", "a red boat at sunset", EVEN, "It may fit: the caption mentions “red”, “boat” and “sunset”."),
        (
            "weak",
            "a red boat",
            {"sunset": 0.05},
            "It may fit: the caption mentions “red” and “boat”, and the picture seems to show “sunset”.",
        ),
        (
            "weak",
            "a red boat",
            {},
            "It fits in part: the caption mentions “red” and “boat”, but there is no sign of “sunset”.",
        ),
        (
            "weak",
            "a boat",
            {"red": 0.05},
            "It fits in part: the caption mentions “boat” and the picture seems to show “red”, "
            "but there is no sign of “sunset”.",
        ),
        (
            "weak",
            "a cat",
            EVEN,
            "It may fit: the picture seems to show “red”, “boat” and “sunset”, though the caption does not mention them.",
        ),
        (
            "weak",
            "a cat",
            {"boat": 0.05},
            "It fits in part: the picture seems to show “boat”, but there is no sign of “red” or “sunset”.",
        ),
        (
            "weak",
            "a cat",
            {},
            "It looks a little like what you asked for, but the caption does not mention “red”, “boat” or “sunset”.",
        ),
        ("none", "a cat", EVEN, "There is no sign of “red”, “boat” or “sunset”."),
        ("none", "a red cat", {"sunset": 0.05}, "There is no sign of “boat” or “sunset”."),
        ("none", None, {}, "There is no sign of “red”, “boat” or “sunset”."),
        (None, "a red boat at night", {}, "The caption mentions “red” and “boat”, but not “sunset”."),
        (
            None,
            "a cat",
            {},
            "The caption does not mention “red”, “boat” or “sunset”; the picture was found by its looks alone.",
        ),
        (None, None, {}, "It was found by its looks alone; it has no caption."),
        ("strong", None, {}, "It was found by its looks alone; it has no caption."),
        ("weak", None, EVEN, "The picture seems to show “red”, “boat” and “sunset”; it has no caption."),
        ("strong", "", {"boat": 0.05}, "The picture seems to show “boat”; “red” and “sunset” are less clear."),
    ],
)
def test_each_word_is_said_where_it_stands(
    verdict: Verdict | None, caption: str | None, drops: dict[str, float], said: str
) -> None:
    weighed = dict.fromkeys(("red", "boat", "sunset"), 0.0) | drops
    assert sentence(SUNSET, facts(caption, verdict=verdict, drops=weighed)) == said


def test_without_a_verdict_a_low_score_is_said_in_words() -> None:
    assert sentence("a whale", facts("a boat", 0.04)) == (
        "The caption does not mention “whale”, and the picture hardly looks like it."
    )
    assert sentence("a whale", facts("a boat", 0.2)).endswith("the picture was found by its looks alone.")


def test_a_word_is_not_credited_to_a_picture_that_is_no_match() -> None:
    text = told_of("someone's birthday", "a bowl of soup", "none", someone=0.01, birthday=0.2)
    assert text == "There is no sign of “birthday”."


@pytest.mark.parametrize("verdict", ["strong", "weak", "none", None])
@pytest.mark.parametrize("query", ["IMG_1234", "DSC", "a summer_party", "holiday2019", "img 0042.jpg"])
def test_a_file_name_is_nothing_that_a_picture_shows(query: str, verdict: Verdict | None) -> None:
    drops = dict.fromkeys(parse_query(query).wanted.words, 0.2)
    assert "show" not in sentence(query, facts("a cat", verdict=verdict, drops=drops))


@pytest.mark.parametrize(
    ("query", "caption", "said"),
    [
        (
            "a red castle",
            "a green castle next to a red tent",
            "There is a castle and something red, but the castle is green.",
        ),
        ("red castles", "two green castles, a red tent", "There are castles and something red, but the castles are green."),
        ("an orange elephant", "a gray elephant in an orange tent",
         "There is an elephant and something orange, but the elephant is gray."),
        ("green grass", "brown grass and a green tent", "There is grass and something green, but the grass is brown."),
        ("a red boat", "a blue boat", "The boat is blue, not red."),
        ("a red boat", "a blue and white boat", "The boat is blue and white, not red."),
        ("a red boat at sunset", "a blue boat", "The boat is blue, not red, and there is no sign of “sunset”."),
        ("two boats", "one boat on the sea", "It shows one boat, not two."),
        ("two boats at sunset", "a boat on the sea", "It shows one boat, not two, and there is no sign of “sunset”."),
        ("one dog", "three dogs", "It shows three dogs, not one."),
        ("a dog", "a beach without a dog", "The caption says there is no dog."),
        ("dogs", "a beach without dogs", "The caption says there are no dogs."),
        ("people", "a street, no people", "The caption says there are no people."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verdict", ["weak", "none", None])
def test_what_the_caption_says_otherwise_is_said(query: str, caption: str, said: str, verdict: Verdict | None) -> None:
    drops = dict.fromkeys(parse_query(query).wanted.words, 0.0)
    assert told_of(query, caption, verdict, **drops) == said


@pytest.mark.parametrize(
    ("query", "caption", "said"),
    [
        ("a red boat", "a blue boat", "the boat is blue, not red"),
        ("a red castle", "a green castle next to a red tent", "the castle is green, not red"),
        ("two boats", "one boat", "there is one boat, not two"),
        ("one dog", "three dogs", "there are three dogs, not one"),
        ("a dog", "a beach without dogs", "there is no dog"),
    ],
)
def test_a_strong_match_leaves_the_caption_its_word(query: str, caption: str, said: str) -> None:
    assert told_of(query, caption, "strong") == f"It looks like “{query}”, although the caption says that {said}."


def test_a_caption_that_agrees_on_no_match_is_quoted() -> None:
    assert told_of("a boat", "A boat on the sea.", "none", boat=0.1) == (
        "The caption says “A boat on the sea”, but the picture does not look like it."
    )
    text = told_of("a boat", "a boat and " + "a very long caption " * 20, "none", boat=0.1)
    assert text.endswith("…”, but the picture does not look like it.")
    assert len(text) < 200


def test_no_match_whose_words_the_caption_has_of_different_things_is_said_as_a_whole() -> None:
    assert told_of("a red castle", "a castle next to a red tent", "none") == "It does not look like “a red castle”."


@pytest.mark.parametrize("query", ["the", "🛶", "?!", "\ud800"])
@pytest.mark.parametrize("verdict", ["strong", "weak", "none", None])
def test_a_query_without_content_words_still_gets_a_sentence(query: str, verdict: Verdict | None) -> None:
    said = {
        "strong": "It looks like what you asked for.",
        "weak": "It looks a little like what you asked for.",
        "none": f"It does not look like “{query}”.",
        None: "The picture was found by its looks alone.",
    }[verdict]
    assert sentence(query, facts("a red house", verdict=verdict)) == said


@pytest.mark.parametrize(
    ("score", "degree"),
    [
        (0.95, "almost exactly"),
        (0.949, "much"),
        (0.8, "much"),
        (0.799, "somewhat"),
        (0.65, "somewhat"),
        (0.649, "only a little"),
        (-0.2, "only a little"),
    ],
)
def test_a_search_by_a_picture_alone_is_answered_by_likeness(score: float, degree: str) -> None:
    assert sentence("", facts("a red boat", score)) == f"It looks {degree} like your picture."


def test_what_is_alike_and_what_is_a_low_score_are_the_encoders_own() -> None:
    levels = CosineLevels(low_score=0.05, likeness=(0.3, 0.5, 0.7))
    likeness = [_with_levels(facts("a red boat", score), levels) for score in (0.2, 0.3, 0.5, 0.7)]
    assert [sentence("", hit).split()[2] for hit in likeness] == ["only", "somewhat", "much", "almost"]
    low, high = (_with_levels(facts("a house", score), levels) for score in (0.04, 0.06))
    assert "hardly looks like it" in sentence("a boat", low)
    assert "found by its looks alone" in sentence("a boat", high)


def _with_levels(hit: Hit, levels: CosineLevels) -> Hit:
    return replace(hit, evidence=replace(hit.evidence, levels=levels))
