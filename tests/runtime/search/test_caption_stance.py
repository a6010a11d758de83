"""What a caption says of a query: agreement, each conflict, and silence; what a query states in words of captions."""

from dataclasses import replace

import pytest

from runtime.artefacts.match_calibration import STANCE_FEATURES
from runtime.library.caption_words import UsedNoun
from runtime.search.caption_stance import AGREES, AGREES_IN_PART, SILENT, Conflict, Statement, compare, stance_features
from runtime.search.caption_stance import stance_of as said_by
from runtime.search.noun_phrases import noun_phrases


@pytest.mark.parametrize(
    ("query", "caption"),
    [
        ("a boat", "a boat"),
        ("boats", "a boat at night"),
        ("a boat", "two boats"),  # an article does not count
        ("one boat", "a boat"),
        ("two boats", "2 boats and a dog"),
        ("a red boat", "a red boat next to a blue house"),
        ("a red boat", "a small red and white boat"),
        ("a red boat", "a blue boat and a red boat"),
        ("a red boat", "a red wooden boat"),
        ("a grey cat", "a gray cat"),
        ("a boat and a house", "a house behind a boat"),
        ("no boat", "a beach without a boat"),
        ("boats", "no dogs but a boat"),
        ("boat sunset", "a boat at sunset"),  # a bare list reads like one phrase
        ("sunset boat", "a boat at sunset"),
        ("boat red", "a red boat"),
        ("red boat sunset", "a red boat at sunset"),
        ("a man riding", "a man riding a horse"),
    ],
)
def test_a_caption_agrees_where_it_names_all_as_it_is_bound(query: str, caption: str) -> None:
    assert said_by(query, caption) == AGREES


@pytest.mark.parametrize(
    ("query", "caption"),
    [
        ("a boat", "a house"),
        ("a boat and a house", "a boat"),
        ("a red boat", "a boat"),
        ("a red boat", "a boat at a red sunset"),
        ("two boats", "boats"),
        ("two boats", "two dogs and boats"),
        ("boat red", "a boat and a red house"),
        ("boat red", "a red house"),
        ("boat red", "a blue boat"),  # its noun is the colour
        ("boat sunset", "a boat"),
        ("boat sunset", "sunset"),
        ("wooden boat", "a boat by a wooden house"),
        ("no boat", "a boat"),
        ("a red and blue boat", "a red boat"),
        ("a red boat", "a blue boat and a boat"),  # the other may be red
        ("two boats", "three boats and boats"),
        ("a boat", ""),
        ("", "a boat"),
        ("the", "the boat"),
    ],
)
def test_a_caption_is_silent_on_what_it_leaves_out(query: str, caption: str) -> None:
    assert replace(said_by(query, caption), coverage=0.0) == SILENT


@pytest.mark.parametrize(
    ("query", "caption", "conflict"),
    [
        ("a green castle", "a red castle", Conflict("colour", "castle", "green", "red")),
        (
            "a green castle",
            "a red castle next to a green tree",
            Conflict("colour", "castle", "green", "red", elsewhere=True),
        ),
        ("a green castle", "a red castle without a green tree", Conflict("colour", "castle", "green", "red")),
        ("a green castle", "a red and white castle", Conflict("colour", "castle", "green", "red and white")),
        ("green castles", "two red castles and a blue castle", Conflict("colour", "castles", "green", "red")),
        ("two boats", "three boats", Conflict("number", "boats", "two", "three")),
        ("two boats", "a boat", Conflict("number", "boat", "two", "one")),
        ("one boat", "13 boats", Conflict("number", "boats", "one", "13")),
        ("two red boats", "three red boats and two dogs", Conflict("number", "boats", "two", "three")),
        ("two red boats", "three blue boats", Conflict("colour", "boats", "red", "blue")),
        ("a boat", "no boats", Conflict("denied", "boat", "boat")),
        ("two dogs", "a beach without a hat or dogs", Conflict("denied", "dogs", "dogs")),
        ("a red boat", "not a red boat", Conflict("denied", "boat", "boat")),
        ("two boats", "a beach without two boats", Conflict("denied", "boats", "boats")),
        ("a tree and a green castle", "a red castle", Conflict("colour", "castle", "green", "red")),  # the tree is unnamed
        ("a boat and two dogs", "no boat and three dogs", Conflict("denied", "boat", "boat")),  # the first there is
    ],
)
def test_a_caption_contradicts_in_what_cannot_both_be_so(query: str, caption: str, conflict: Conflict) -> None:
    assert replace(said_by(query, caption), coverage=0.0) == replace(SILENT, conflict=conflict)


def used(*texts: str) -> dict[str, float]:
    """All words of some captions, equally rare."""
    return {word: 1.0 for text in texts for phrase in noun_phrases(text) for word in phrase.words}


def test_a_statement_of_words_that_are_all_used_is_whole() -> None:
    for rarity in (None, used("a red boat", "dusk", "a house")):
        statement = Statement.of("a red boat at dusk", rarity)
        assert statement.phrases == noun_phrases("a red boat at dusk")
        assert statement.rarity == {"red": 1, "boat": 1, "dusk": 1}
        assert statement.compared == "whole"


def test_what_a_caption_has_of_the_words_is_covered_and_rare_ones_weigh_more() -> None:
    statement = Statement.of("a red boat at dusk", {"red": 1.0, "boat": 3.0, "dusk": 4.0})
    covered = {caption: compare(statement, noun_phrases(caption)).coverage for caption in ("dusk", "a red house", "no boat")}
    assert covered == pytest.approx({"dusk": 0.5, "a red house": 0.125, "no boat": 0.0})


def test_a_phrase_with_an_unused_word_is_left_out_of_what_captions_are_compared_with() -> None:
    statement = Statement.of("a red boat at dusk", used("a red boat"))
    assert (statement.phrases, statement.compared) == (noun_phrases("a red boat"), "part")
    assert compare(statement, noun_phrases("a red boat")) == AGREES_IN_PART
    assert compare(statement, noun_phrases("a blue boat")).conflict == Conflict("colour", "boat", "red", "blue")
    assert compare(statement, noun_phrases("a house")) == SILENT


def test_a_text_of_unused_words_alone_states_nothing_that_captions_could_say() -> None:
    statement = Statement.of("a zebra", used("a boat"))
    assert (statement.phrases, statement.compared) == ((), "nothing")
    assert compare(statement, noun_phrases("a boat")) == SILENT


def in_captions(noun: str) -> UsedNoun | None:
    """Say "sunset", "rain" and "couch" for other words; of these, captions give a couch alone a colour."""
    same = {"dusk": "sunset", "dusks": "sunset", "clouds": "rain", "sofa": "couch"}.get(noun)
    return UsedNoun(same, is_coloured=same == "couch") if same else None


def test_an_unused_noun_is_read_as_the_one_that_captions_use_for_it() -> None:
    asked: list[str] = []

    def same_meaning(noun: str) -> UsedNoun | None:
        asked.append(noun)
        return in_captions(noun)

    statement = Statement.of("two boats at dusk under striped clouds", used("a boat", "sunset", "rain"), same_meaning)
    assert asked == ["dusk"], "of what captions never call so, nothing is asked"
    assert statement.compared == "part"
    statement = Statement.of("two dusks near zebras", used("sunset"), in_captions)
    assert [(said.words, said.noun, said.number, said.counted) for said in statement.phrases] == [
        (("sunset",), "dusks", 2, True)
    ]
    assert statement.compared == "part"
    whole = Statement.of("a boat at dusk", used("a boat at sunset"), in_captions)
    assert whole.compared == "whole"
    assert compare(whole, noun_phrases("a boat at sunset")) == AGREES


@pytest.mark.parametrize(
    ("query", "caption", "agrees"),
    [
        ("a red sofa", "a red couch", True),
        ("a red sofa", "a blue couch", False),
        ("clouds", "rain", True),
        ("grey clouds", "rain", False),  # no caption gives rain a colour, so that it cannot be told
        ("striped clouds", "rain", False),
    ],
)
def test_a_colour_is_carried_over_to_what_captions_give_a_colour(query: str, caption: str, agrees: bool) -> None:
    statement = Statement.of(query, used("a red couch", "a blue couch", "rain", "gray"), in_captions)
    assert compare(statement, noun_phrases(caption)).agrees is agrees


def test_only_an_unused_noun_has_another_in_its_place() -> None:
    statement = Statement.of("a striped boat", used("a boat"), lambda _: UsedNoun("boat", is_coloured=True))
    assert (statement.phrases, statement.compared) == ((), "nothing")


def test_what_captions_say_are_three_columns() -> None:
    assert STANCE_FEATURES == ("agrees", "contradicts", "coverage")
    denied = replace(SILENT, conflict=Conflict("denied", "boat", "boat"), coverage=0.25)
    rows = stance_features([SILENT, AGREES, AGREES_IN_PART, denied])
    assert rows.tolist() == [[0, 0, 0], [1, 0, 1], [1, 0, 1], [0, 1, 0.25]]
    assert stance_features([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("query", "caption"),
    [
        ("un chat orange dans la rue et 2 motos", "people chat in a red room with 3 motos"),
        ("red de pesca en la playa", "a blue red de pesca on the sand"),
        ("3 boats на воде у моря и на берегу", "there are 2 boats on the water"),
        ("a boat", "kein boat und kein Haus am See"),
    ],
)
def test_a_caption_in_another_language_is_silent(query: str, caption: str) -> None:
    assert said_by(query, caption) == SILENT


def test_a_caption_in_the_language_of_the_query_is_compared() -> None:
    assert said_by("ein rotes Boot am See", "ein rotes Boot am See mit Haus").coverage > 0.5
    assert said_by("Boot Taxi", "a taxi").coverage > 0  # unknown, so as in English


def test_no_other_word_is_looked_for_in_another_language() -> None:
    asked: list[str] = []

    def same_meaning(noun: str) -> UsedNoun:
        asked.append(noun)
        return UsedNoun("boat", is_coloured=True)

    assert Statement.of("赤い船", {"boat": 1.0}, same_meaning).phrases == ()
    assert not asked
    assert Statement.of("ship", {"boat": 1.0}, same_meaning).text == "boat"
