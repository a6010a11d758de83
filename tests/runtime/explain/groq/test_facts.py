"""The facts of a hit, by what the check finds: what the caption tells, and what it leaves open."""

import pytest

from runtime.explain.groq.check import AGAINST_VERDICT, UNSTATED, find_fault
from runtime.search.evidence import Evidence, WordWeight
from runtime.search.query import parse_query
from tests.runtime.explain.groq.faults_found import fault
from tests.runtime.explain.hits import hit_of


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        ("a red boat", "a blue boat", "The boat is there, but its colour is not mentioned."),
        ("two dogs", "three dogs", "The dogs are there, but their number is not mentioned."),
    ],
)
def test_a_colour_or_a_number_that_the_caption_tells_is_not_said_to_be_untold(
    query: str, caption: str, sentence: str
) -> None:
    assert fault(sentence, "weak", query, caption) == UNSTATED


def test_a_colour_that_the_caption_does_not_tell_may_be_said_to_be_untold() -> None:
    assert fault("The boat is there, but its colour is not mentioned.", "weak", "a red boat", "a boat") is None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The picture shows a sunset.", None),
        ("The picture shows a red sunset.", UNSTATED),  # that there is something red, nothing speaks for
        ("The picture shows two sunsets.", UNSTATED),
    ],
)
def test_of_what_only_the_picture_speaks_for_neither_colour_nor_number_is_known(sentence: str, found: str | None) -> None:
    words = (WordWeight("red", 0.0, 0.0, in_caption=False), WordWeight("sunset", 0.1, 1.0, in_caption=False))
    evidence = Evidence(0.3, match_probability=0.97, verdict="strong", words=words)
    hit = hit_of(1, "a.jpg", "two boats", evidence)
    assert find_fault(sentence, parse_query("red boats at sunset"), hit) == found


def test_one_of_a_kind_is_not_told_by_two_whose_plural_has_no_ending() -> None:
    assert fault("It shows a sheep.", "strong", "a sheep", "two sheep in a meadow") == UNSTATED
    assert fault("It shows a sheep.", "strong", "a sheep", "a sheep in a meadow") is None


def test_several_coloured_things_are_not_told_by_one() -> None:
    assert fault("It shows red boats.", "strong", "red boats", "a red boat") == UNSTATED


def test_two_things_are_not_all_of_a_query_for_one() -> None:
    assert fault("This is exactly what you asked for.", "strong", "a boat", "two boats") == AGAINST_VERDICT
    assert fault("This is exactly what you asked for.", "strong", "a boat", "a boat") is None


def test_what_is_next_to_a_thing_is_not_what_it_is_of() -> None:
    assert fault("It shows a basket of apples.", "strong", "a basket of apples", "a basket near apples") == UNSTATED
    assert fault("It shows a basket of apples.", "strong", "a basket of apples", "a basket of apples on a table") is None


@pytest.mark.parametrize(
    ("query", "caption", "sentence", "found"),
    [
        ("a boat in a house", "a boat next to a house", "It shows a boat in a house.", UNSTATED),
        ("a boy in a box", "a boy in a hat and a cat in a box", "It shows a boy in a box.", UNSTATED),
        ("a boat and a house", "a boat next to a house", "It shows a house next to a boat.", None),
    ],
)
def test_two_things_are_joined_as_the_caption_joins_them(query: str, caption: str, sentence: str, found: str | None) -> None:
    assert fault(sentence, "strong", query, caption) == found
