"""What a sentence says of caption, picture and query, over its clauses: what was asked for is not said to be there."""

import pytest

from runtime.explain.groq.check import UNSTATED
from tests.runtime.explain.groq.faults_found import fault

BOTH, SWAPPED = "a red boat and a blue house", "a blue boat next to a red house"


@pytest.mark.parametrize(
    ("query", "caption", "sentence"),
    [
        ("a red boat", "a blue house at night", "You asked for a red boat: it is here."),
        (BOTH, SWAPPED, "The boat you wanted in red is in the caption."),
    ],
)
def test_what_was_asked_for_is_not_said_to_be_there(query: str, caption: str, sentence: str) -> None:
    assert fault(sentence, "strong", query, caption) == UNSTATED


def test_what_the_caption_tells_may_be_said_to_be_there() -> None:
    assert (
        fault("It may fit: a boat is named, which is shown on the sea.", "weak", "a red boat", "a boat on the sea") is None
    )
