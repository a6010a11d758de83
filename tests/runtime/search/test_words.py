"""What a text names that a picture could show."""

import pytest

from runtime.search.words import (
    Phrase,
    content_words,
    plain_signs,
    split_compounds,
    split_denials,
    stem,
    without_carrier,
    without_word,
)


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


def test_emoji_are_no_part_of_a_word() -> None:
    assert content_words("\u2764\ufe0f boat 5\ufe0f\u20e3 👩\u200d🚀 \u200dboat\u200d") == ["boat", "5"]


def test_letters_that_look_alike_are_the_same_word() -> None:
    assert content_words("ｒｅｄ ﬁsh 𝐛𝐨𝐚𝐭") == ["red", "fish", "boat"]
    assert without_word("ｒｅｄ boat", "red") == "boat"
    assert plain_signs("ｒｅｄ　ﬁsh －ｎｉｇｈｔ “a” cafe\u0301") == 'red fish -night "a" café'


@pytest.mark.parametrize(
    ("text", "framed"),
    [
        ("show me a red boat", "a red boat"),
        ("Show me some pictures of boats, please", "boats"),
        ("show us all the photos of my dog", "my dog"),
        ("pictures of boats", "boats"),
        ("photos of boats please!", "boats"),
        ("a picture of a boat", "a boat"),
        ("a picture of a picture frame", "a picture frame"),
        ("images showing a red car", "a red car"),
        ("find a boat", "a boat"),
        ("find me a boat", "a boat"),
        ("please find a boat", "a boat"),
        ("I'm looking for a dog on a beach", "a dog on a beach"),
        ("i am looking for some photos of dogs", "dogs"),
        ("looking for: dogs", "dogs"),
        ("can you find a castle at night?", "a castle at night"),
        ("Could you please show me a few pictures of my dog", "my dog"),
        ("hello, do you have any pictures of horses?", "horses"),
        ("are there any boats?", "boats"),
        ("I want to see a sunset", "a sunset"),
        ("I'd like a sunset", "a sunset"),
        ("let me see a sunset", "a sunset"),
        ("search for boats", "boats"),
    ],
)
def test_what_frames_a_query_goes(text: str, framed: str) -> None:
    assert without_carrier(text) == framed


@pytest.mark.parametrize(
    "text",
    [
        "find",
        "photos",
        "please",
        "show me",
        "a photo of",
        "pictures of ...",
        "a picture frame",
        "photo album",
        "a red boat",
        "show horse",
        "get well card",
        "hello kitty",
        "let it snow",
        "I like trains",
        "some boats",
        "all dogs",
        "a boat, is there a dog",
        "a sign that says please wait",
        "finding a boat",
        '"show me" on a wall',
    ],
)
def test_what_frames_nothing_stays(text: str) -> None:
    assert without_carrier(text) == text


@pytest.mark.parametrize(
    ("text", "wanted", "denied"),
    [
        ("a beach without people at night", "a beach at night", ["people"]),
        ("a room with no people and no chairs", "a room", ["people", "chairs"]),
        ("a man without a hat or scarf", "a man", ["hat", "scarf"]),
        ("a man without a hat or any red scarf, at sea", "a man, at sea", ["hat", "red scarf"]),
        ("a beach without people and a boat", "a beach and a boat", ["people"]),
        ("a car, not red", "a car", ["red"]),
        ("a dog that is not black", "a dog", ["black"]),
        ("a dog that isn’t black", "a dog", ["black"]),
        ("animals but not dogs", "animals", ["dogs"]),
        ("all animals except for the dogs", "all animals", ["dogs"]),
        ("a portrait excluding glasses", "a portrait", ["glasses"]),
        ("a boat not on the sea", "a boat", ["sea"]),
        ("a dog not wearing a collar at night", "a dog at night", ["wearing a collar"]),
        ("a man not sitting on a chair", "a man", ["sitting on a chair"]),
        ("there are no people on the beach", "on the beach", ["people"]),
        ("no people, a beach", "a beach", ["people"]),
        ('a ship without "red sails and oars" at night', "a ship at night", ["red sails and oars"]),
        ("a cat (black) without ears", "a cat (black)", ["ears"]),
        ("a rock'n'roll band, no guitars", "a rock'n'roll band", ["guitars"]),
        ("without people", "", ["people"]),
        ("लाल नाव without नदी", "लाल नाव", ["नदी"]),
        ("boats with neither sails nor people", "boats", ["sails", "people"]),
        ("neither cats nor dogs", "", ["cats", "dogs"]),
        ("a house that doesn’t have a door at night", "a house at night", ["door"]),
        ("a house that does not have a door", "a house", ["door"]),
    ],
)
def test_what_a_query_denies_is_taken_out_with_what_joins_it(text: str, wanted: str, denied: list[str]) -> None:
    assert split_denials(text) == (wanted, denied)


@pytest.mark.parametrize(
    "text",
    [
        "no entry sign",
        "a no entry sign at night",
        "a no dogs sign",
        "no dogs allowed sign on a beach",
        "no smoking",
        "do not enter",
        "people who don't smile",
        "neither of them",
        "not only a boat",
        "a house not far from the sea",
        "nothing",
        "a no-go area",
        "a path no one walks",
        "no. 5 perfume",
        "no 5 perfume",
        "dr. no",
        "to be or not to be",
        "without a doubt a castle",
        "a table without anything on it",
        "a boat without",
        "without ?",
        "not",
        'a sign with "no dogs" on it',
        "a boat , and  spaces",
        "",
    ],
)
def test_what_denies_nothing_stays_as_it_is(text: str) -> None:
    assert split_denials(text) == (text, [])


@pytest.mark.parametrize("text", ["room 1\ufe0f\u20e3 door", "room 1\u20dd door", "room 1\ufe0e door"])
def test_what_encloses_a_letter_goes_with_its_word(text: str) -> None:
    assert content_words(text) == ["room", "1", "door"]
    assert without_word(text, "1") == "room door"
    assert without_word(text, "room") == text.removeprefix("room ")
