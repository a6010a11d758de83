"""Local sentences on what a query leaves out: said where the caption has it, and no objection where it is denied."""

import pytest

from tests.runtime.explain.said import facts, sentence, told_of


@pytest.mark.parametrize(
    ("query", "added"),
    [
        ("a boat -sunset", " The caption mentions “sunset”, which you wanted left out."),
        ("a boat without sunsets or night", " The caption mentions “sunsets”, which you wanted left out."),
        ("-'red boat'", " The caption mentions “red boat”, which you wanted left out."),
        ("a boat -'red sunset'", ""),
        ("a boat -sun -the", ""),
    ],
)
def test_an_unwanted_word_that_the_caption_mentions_is_said_so(query: str, added: str) -> None:
    text = sentence(query, facts("a red boat at sunset", 0.3))
    assert text.partition(".")[2] == added


def test_an_unwanted_word_that_the_caption_denies_is_no_objection() -> None:
    assert "left out" not in sentence("a beach without people", facts("a beach without people"))
    assert "left out" in sentence("a beach without people", facts("people on a beach"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("a boat -sunset", "The caption mentions “sunset”, which you wanted left out."),
        ("a boat -rain -'two birds'", "It does not look like “a boat” without “rain” or “two birds”."),
        ("a cat -sunset", "There is no sign of “cat”. The caption mentions “sunset”, which you wanted left out."),
        ("a red boat -sunset", "The boat is blue, not red. The caption mentions “sunset”, which you wanted left out."),
    ],
)
def test_a_picture_that_is_no_match_for_what_it_shows_is_not_said_to_lack_it(query: str, said: str) -> None:
    assert told_of(query, "a blue boat at sunset", "none", boat=0.2) == said
