"""Noun phrases: where one begins and ends, and which colours, number and denial belong to it."""

import pytest

from runtime.search.noun_phrases import NounPhrase, noun_phrases


def told(text: str) -> list[str]:
    """Each noun phrase in short: its number if there is one, with "!" if it was counted; "not" if denied; its stems."""
    return [
        " ".join(
            (
                *(["not"] if phrase.denied else []),
                *([f"{phrase.number}{'!' if phrase.counted else ''}"] if phrase.number is not None else []),
                *phrase.words,
            )
        )
        for phrase in noun_phrases(text)
    ]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("a boat", ["1 boat"]),
        ("an old boat", ["1 old boat"]),
        ("the boat", ["boat"]),
        ("boats", ["boat"]),
        ("one boat", ["1! boat"]),
        ("two small red boats", ["2! small red boat"]),
        ("twelve boats", ["12! boat"]),
        ("2 boats", ["2! boat"]),
        ("99 boats", ["99! boat"]),
        ("0 boats", ["0! boat"]),
        ("100 boats", ["100 boat"]),  # three digits are a name: "route 100", "the year 2019"
        ("the two boats", ["2! boat"]),
        ("boat two houses", ["boat", "2! house"]),
        ("a boat and a dog", ["1 boat", "1 dog"]),
        ("a dog's bones", ["1 dog bone"]),
        ("a boat on the sea in front of two houses", ["1 boat", "sea", "2! house"]),
        ("two dogs. A cat", ["2! dog", "1 cat"]),
    ],
)
def test_an_article_or_a_number_begins_a_phrase_and_counts_it(text: str, phrases: list[str]) -> None:
    assert told(text) == phrases


@pytest.mark.parametrize(
    ("text", "phrases", "colours"),
    [
        ("a red boat", ["1 red boat"], [("red",)]),
        ("a red and white boat", ["1 red white boat"], [("red", "white")]),
        ("a red, white and blue boat", ["1 red white blue boat"], [("red", "white", "blue")]),
        ("a small red and white boat", ["1 small red white boat"], [("red", "white")]),
        ("a small red, grey and blue boat", ["1 small red gray blue boat"], [("red", "gray", "blue")]),
        ("a red and striped boat", ["1 red striped boat"], [("red",)]),
        ("boat red, house blue", ["boat red", "house blue"], [(), ()]),
        ("red, house", ["red house"], [("red",)]),
        ("a red boat and white house", ["1 red boat", "white house"], [("red",), ("white",)]),
        ("a red boat, a white house", ["1 red boat", "1 white house"], [("red",), ("white",)]),
        ("a red or white boat", ["1 red", "white boat"], [(), ("white",)]),
        ("a red and a white boat", ["1 red", "1 white boat"], [(), ("white",)]),
        ("red", ["red"], [()]),
        ("the orange", ["orange"], [()]),
        ("a grey house", ["1 gray house"], [("gray",)]),
        ("a boat red", ["1 boat red"], [()]),
    ],
)
def test_colours_belong_to_the_noun_behind_them(text: str, phrases: list[str], colours: list[tuple[str, ...]]) -> None:
    assert told(text) == phrases
    assert [phrase.colours for phrase in noun_phrases(text)] == colours


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("a man riding a horse", ["1 man", "riding", "1 horse"]),
        ("two dogs playing", ["2! dog", "playing"]),
        ("a boy eating ice cream", ["1 boy", "eating", "ice cream"]),
        ("a wedding ring", ["1 wedding ring"]),
        ("a tall building", ["1 tall building"]),
        ("a red string", ["1 red string"]),
        ("a blue sling bag", ["1 blue sling bag"]),  # of five letters and fewer, none is taken for a verb
    ],
)
def test_a_verb_in_ing_stands_alone_and_a_noun_in_ing_does_not(text: str, phrases: list[str]) -> None:
    assert told(text) == phrases


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("no boat", ["not boat"]),
        ("a beach without people", ["1 beach", "not people"]),
        ("without a hat or any scarf", ["not 1 hat", "not scarf"]),
        ("no dog or the cat or a bird", ["not dog", "not cat", "not 1 bird"]),
        ("without a dog and a cat", ["not 1 dog", "1 cat"]),
        ("not a boat, a dog", ["not 1 boat", "1 dog"]),
        ("no people on the beach or in a boat", ["not people", "beach", "1 boat"]),
        ("a beach with no red boats", ["1 beach", "not red boat"]),
        ("without two boats", ["not 2! boat"]),
        ("no 2 boats, two dogs", ["not 2! boat", "2! dog"]),
        ("no boats two dogs", ["not boat", "2! dog"]),
        ("a boat or a dog", ["1 boat", "1 dog"]),
        ("a hat except a cap", ["1 hat", "not 1 cap"]),
    ],
)
def test_a_denial_reaches_over_articles_numbers_and_or_to_the_noun_and_no_further(text: str, phrases: list[str]) -> None:
    assert told(text) == phrases


@pytest.mark.parametrize("mark", [".", ",", ";", ":", "!", "?", "(", ")", '"', "“", "”", "/", "|"])
def test_punctuation_ends_a_phrase(mark: str) -> None:
    assert told(f"green boat{mark} house") == ["green boat", "house"]


@pytest.mark.parametrize("text", ["", " \n", "?!", "the", "of the", "two", "in front of", "no", "🙂"])
def test_a_text_that_names_nothing_has_none(text: str) -> None:
    assert noun_phrases(text) == ()


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Красная Лодка", ["красная лодка"]),
        ("一只红船", ["一只红船"]),
        ("लाल नाव, रात", ["लाल नाव", "रात"]),
        ("ein Straßencafé", ["ein straßencafé"]),
        ("ＲＥＤ boat", ["red boat"]),  # full-width letters
        ("٣ boats", ["3! boat"]),  # an Arabic digit
    ],
)
def test_other_scripts_are_read_as_words(text: str, phrases: list[str]) -> None:
    assert told(text) == phrases


def test_the_noun_is_kept_as_it_was_written_and_the_number_has_a_word() -> None:
    [boats] = noun_phrases("Two RED Boats")
    assert (boats.noun, boats.words, boats.number_word) == ("boats", ("red", "boat"), "two")
    words = {number: NounPhrase(("boat",), "boat", number).number_word for number in (None, 0, 1, 12, 13)}
    assert words == {None: "", 0: "0", 1: "one", 12: "twelve", 13: "13"}


def test_a_phrase_leaves_nothing_to_the_next_text() -> None:
    assert told("no two red") == ["not 2! red"]
    assert told("boat") == ["boat"]
