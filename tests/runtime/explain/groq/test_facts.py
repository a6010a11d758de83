"""The facts of a hit, by what the check finds: what the caption tells, and what it leaves open."""

import pytest

from runtime.explain.groq.check import UNSTATED
from tests.runtime.explain.groq.faults_found import fault


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
