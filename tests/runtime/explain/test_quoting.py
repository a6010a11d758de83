"""Sentences about text that stands in a picture."""

from dataclasses import replace

import pytest

from runtime.explain.sentences import tally_words
from runtime.library.picture_text import PictureWord
from runtime.search.evidence import Hit
from runtime.search.picture_text_matches import find_writing, words_of_writing
from runtime.search.verdicts import Verdict
from runtime.search.words import Phrase
from tests.runtime.explain.said import facts, sentence, told_of


def with_text(text: str, query: str, caption: str | None = "a sign", verdict: Verdict | None = "strong") -> Hit:
    words = [PictureWord(word, (0.0, 0.0, 1.0, 1.0)) for word in text.split()]
    hit = facts(caption, verdict=verdict)
    return replace(hit, evidence=replace(hit.evidence, writing=find_writing(words, words_of_writing(Phrase(query).words))))


@pytest.mark.parametrize("verdict", ["strong", "weak", "none", None])
def test_a_picture_that_says_all_of_it_is_quoted(verdict: Verdict | None) -> None:
    assert sentence("platform 4", with_text("to Platform 4", "platform 4", verdict=verdict)) == (
        "The picture says “Platform 4”."
    )


def test_a_part_of_it_stands_beside_what_the_caption_says() -> None:
    told = sentence("a red boat for sale", with_text("SALE today SALE", "a red boat for sale", "a red boat"))
    assert told == "The caption mentions “red” and “boat”. The picture says “SALE”."


def test_a_word_in_letters_is_not_called_missing() -> None:
    told = sentence("a boat for sale", with_text("Sale", "a boat for sale", "a cat", "none"))
    assert told == "There is no sign of “boat”. The picture says “Sale”."
    hit = with_text("Sale", "a boat for sale", "a cat", "none")
    assert [word.word for word in tally_words(Phrase("a boat for sale"), hit).missing] == ["boat"]


def test_long_text_is_cut_and_controls_of_a_terminal_stay_on_one_line() -> None:
    long = with_text(" ".join(["boat" * 30, *["x"] * 3, "sea"]), f"{'boat' * 30} sea")
    assert sentence(f"{'boat' * 30} sea", long).endswith("…”.")


def test_without_text_nothing_is_said_of_it() -> None:
    assert "picture says" not in told_of("a red boat", "a red boat", "strong", red=0.1, boat=0.1)
