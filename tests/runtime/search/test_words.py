"""What a text names that a picture could show."""

import pytest

from runtime.search.words import Phrase, content_words, split_compounds, stem, without_word


def test_contractions_and_possessives_are_reduced_to_their_word() -> None:
    assert content_words("The fisherman’s boat, the dogs' tent") == ["fisherman", "boat", "dogs", "tent"]


def test_each_word_comes_once_in_the_order_of_the_text_and_numbers_count() -> None:
    assert content_words("Show me two boats, TWO red boats and a T-shirt") == ["two", "boats", "red", "t-shirt"]


@pytest.mark.parametrize("text", ["", "the", "a photo of it", "🛶 ?!", "\ud800"])
def test_a_text_may_have_no_content_words(text: str) -> None:
    assert content_words(text) == []


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("boats", "boat"),
        ("butterflies", "butterfly"),
        ("skies", "sky"),
        ("pies", "pie"),
        ("cows", "cow"),
        ("glasses", "glass"),
        ("foxes", "fox"),
        ("beaches", "beach"),
        ("dishes", "dish"),
    ],
)
def test_a_regular_plural_has_the_stem_of_its_singular(plural: str, singular: str) -> None:
    assert stem(plural) == stem(singular) == singular


@pytest.mark.parametrize("word", ["grass", "bus", "iris", "gas", "лодки", "two"])
def test_what_is_no_plural_is_its_own_stem(word: str) -> None:
    assert stem(word) == word


def test_stems_leave_out_what_no_picture_could_show() -> None:
    assert Phrase("The boats on the sea").stems == {"boat", "sea"}


def test_a_word_is_left_out_wherever_it_stands_and_as_a_whole() -> None:
    assert without_word("A red boat, a Red house, the red’s redness", "red") == "A boat, a house, the redness"
    assert without_word("a car and a carrot", "car") == "a and a carrot"


def test_compounds_come_apart_into_their_content_words() -> None:
    assert split_compounds(["t-shirt", "stand-by-me", "boat"]) == ["t", "shirt", "stand", "boat"]
