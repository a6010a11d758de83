"""The clauses of a sentence, by what the check finds: where they end, what is denied and what is asked for."""

import pytest

from runtime.explain.groq.check import UNSTATED
from tests.runtime.explain.groq.faults_found import fault

LISTED, OTHER = "a dog in a boat on the sea at sunset", "a green house in a meadow"


def test_a_word_that_joins_clauses_is_part_of_the_second() -> None:
    contrasted = "The boat matches, although the house is blue."
    assert fault(contrasted, "weak", "a boat and a red house", "a boat next to a blue house") is None


@pytest.mark.parametrize(
    "sentence", ["The caption names no dog, boat, sea or sunset.", "The caption names neither a dog, a boat nor the sea."]
)
def test_a_comma_in_a_list_of_what_is_denied_ends_no_clause(sentence: str) -> None:
    assert fault(sentence, "none", LISTED, OTHER) is None
    assert fault(sentence, "none", LISTED, "a house by the sea at sunset") == UNSTATED


def test_what_can_not_be_seen_is_denied() -> None:
    assert fault("A dog cannot be seen here.", "none", "a dog", OTHER) is None


def test_and_joins_two_things_whatever_is_said_after_the_next_comma() -> None:
    assert fault("It does not show a boat and a dog, it is a green house.", "none", LISTED, OTHER) is None


@pytest.mark.parametrize("sentence", ["It shows no dog: a boat or sunset.", "It shows no dog (a boat or sunset)."])
def test_another_sign_ends_what_a_denial_reaches(sentence: str) -> None:
    assert fault(sentence, "none", LISTED, OTHER) == UNSTATED


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        ("two dogs", "a dog on a beach", "You wanted two dogs, and there is one."),
        ("a red boat", "a blue boat", "A red boat was requested, but the boat is blue."),
        ("a red boat", "a blue boat", "A blue boat here, but a red boat in your query."),
    ],
)
def test_what_is_asked_for_need_not_be_there(query: str, caption: str, sentence: str) -> None:
    assert fault(sentence, "weak", query, caption) is None


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        ("a red boat", "a blue boat", "You asked for red, and red the boat is."),
        ("a red boat", "a blue boat", "It fits with the red boat."),
        ("a red boat and a house", "a red boat", "What corresponds to your boat is a house."),
    ],
)
def test_what_is_said_of_the_picture_is_not_taken_for_what_is_asked_for(query: str, caption: str, sentence: str) -> None:
    assert fault(sentence, "strong", query, caption) == UNSTATED
