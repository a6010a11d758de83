"""The claims of a clause, by what the check finds: what is counted, which colour is whose, what joins two things."""

import pytest

from runtime.explain.groq.check import UNSTATED
from runtime.search.verdicts import Verdict
from tests.runtime.explain.groq.faults_found import fault

BOTH, SWAPPED = "a red boat and a blue house", "a blue boat next to a red house"


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        (BOTH, SWAPPED, "The boat has the colour red, the house has blue."),
        (BOTH, SWAPPED, "Your query is answered: red for the boat, blue for the house."),
        ("a wooden boat", "a boat next to a wooden house", "The boat is wooden."),
        ("a wooden boat", "a boat next to a wooden house", "The caption names the boat as wooden."),
        ("a sheep", "sheep in a meadow", "It shows one sheep."),
        ("a sheep", "sheep in a meadow", "The one sheep is in a meadow."),
        ("a boat", "a boat on the sea", "The boat is one of the boats on the sea."),
    ],
)
def test_what_is_said_of_another_thing_or_a_number_that_is_not_told_is_caught(
    query: str, caption: str, sentence: str
) -> None:
    assert fault(sentence, "strong", query, caption) == UNSTATED


@pytest.mark.parametrize(
    ("query", "caption", "verdict", "sentence"),
    [
        ("a boat", "a boat next to a house", "strong", "It shows a boat, the subject of the query, and a house."),
        ("two dogs", "a dog on a beach", "weak", "The query asks for two dogs, and there is one."),
        ("a red boat", "a blue boat", "weak", "The boat is mentioned, but it does not describe the boat as red."),
    ],
)
def test_a_thing_after_a_comma_a_bare_number_and_a_denied_colour_may_be_so(
    query: str, caption: str, verdict: Verdict, sentence: str
) -> None:
    assert fault(sentence, verdict, query, caption) is None
