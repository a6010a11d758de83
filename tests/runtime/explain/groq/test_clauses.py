"""The clauses of a sentence, by what the check finds: where they end, what is denied and what is asked for."""

import pytest

from runtime.explain.groq.check import UNSTATED
from tests.runtime.explain.groq.faults_found import fault


def test_a_word_that_joins_clauses_is_part_of_the_second() -> None:
    contrasted = "The boat matches, although the house is blue."
    assert fault(contrasted, "weak", "a boat and a red house", "a boat next to a blue house") is None


def test_a_comma_in_a_list_of_what_is_denied_ends_no_clause() -> None:
    query, listed = "a dog in a boat on the sea at sunset", "The caption names no dog, boat, sea or sunset."
    assert fault(listed, "none", query, "a green house in a meadow") is None
    assert fault(listed, "none", query, "a house at sunset") == UNSTATED


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        ("two dogs", "a dog on a beach", "You wanted two dogs, and there is one."),
        ("a red boat", "a blue boat", "A red boat was requested, but the boat is blue."),
    ],
)
def test_what_is_asked_for_need_not_be_there(query: str, caption: str, sentence: str) -> None:
    assert fault(sentence, "weak", query, caption) is None


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        ("a red boat", "a blue boat", "You asked for red, and red the boat is."),
        ("a red boat and a house", "a red boat", "What corresponds to your boat is a house."),
    ],
)
def test_what_is_asked_for_ends_where_something_is_said_of_it(query: str, caption: str, sentence: str) -> None:
    assert fault(sentence, "strong", query, caption) == UNSTATED
