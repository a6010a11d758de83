"""Which words of a query a local sentence finds in the caption, which in the picture, and which it misses."""

import pytest

from runtime.explain.sentences import EvidenceExplainer, tally_words
from runtime.search.caption_stance import AGREES
from runtime.search.evidence import Evidence
from runtime.search.query import parse_query
from runtime.search.verdicts import Verdict
from runtime.search.words import Phrase
from tests.runtime.explain.hits import hit_of
from tests.runtime.explain.said import facts, sentence, told_of

SUNSET = "a red boat at sunset"


@pytest.mark.parametrize(("query", "caption"), [("two boats", "two BOATS"), ("a butterfly", "three butterflies")])
def test_case_and_plural_do_not_hide_a_word(query: str, caption: str) -> None:
    assert tally_words(Phrase(query), facts(caption)).missing == []


@pytest.mark.parametrize(
    ("query", "caption"), [("2 boats", "two boats"), ("two boats", "2 boats"), ("gray cat", "a grey cat")]
)
def test_another_spelling_of_a_number_or_of_gray_is_the_same_word(query: str, caption: str) -> None:
    assert tally_words(Phrase(query), facts(caption, drops=dict.fromkeys(Phrase(query).words, 0.0))).missing == []


def test_a_caption_that_agrees_mentions_every_word() -> None:
    hit = facts("a ship", drops={"boat": 0.1}, told=AGREES)
    assert [word.word for word in tally_words(Phrase("a boat"), hit).mentioned] == ["boat"]


@pytest.mark.parametrize("verdict", ["strong", "weak"])
def test_a_caption_that_agrees_in_other_words_is_quoted(verdict: Verdict) -> None:
    hit = facts("a ship", verdict=verdict, drops={"boat": 0.1}, told=AGREES)
    assert sentence("a boat", hit) == "The caption says “a ship”: what you asked for, in other words."


def test_another_number_and_a_part_of_a_word_are_missing() -> None:
    assert [word.word for word in tally_words(Phrase("two cars"), facts("a carrot on a scarf")).missing] == ["two", "cars"]


def test_a_word_of_function_words_alone_is_missing_too() -> None:
    tally = tally_words(Phrase("a to-do list"), facts("a boat"))
    assert [word.word for word in tally.missing] == ["to-do", "list"]


def test_a_word_that_was_not_weighed_stands_by_the_caption_alone() -> None:
    tally = tally_words(Phrase("a red boat"), facts("a boat", drops={"red": 0.1}))
    assert [word.word for word in tally.mentioned] == ["boat"]
    assert [word.word for word in tally.seen] == ["red"]


def test_a_drop_is_clear_from_a_twentieth_of_the_score_on_and_from_five_thousandths_on() -> None:
    for score, least in ((0.8, 0.8 * 0.05), (0.05, 0.00501), (-0.3, 0.00501)):
        whale = [facts("a boat", score, drops={"whale": drop}) for drop in (least, 0.99 * least, -least)]
        assert [len(tally_words(Phrase("a whale"), hit).seen) for hit in whale] == [1, 0, 0]


def test_other_scripts_are_words_too() -> None:
    assert "no sign of “красная” or “лодка”" in sentence("красная лодка", facts("a red boat", verdict="none"))
    assert "mentions “красная”, but not “лодка”" in sentence("красная лодка", facts("красная машина"))


@pytest.mark.parametrize("query", ["लाल नाव", "赤い船", "เรือสีแดง", "ein rotes Boot am Strand", "un bateau dans la neige"])
@pytest.mark.parametrize("verdict", ["strong", "weak", None])
def test_a_caption_in_english_is_not_blamed_for_lacking_words_of_another_language(
    query: str, verdict: Verdict | None
) -> None:
    found = facts("a black boat on the water", verdict=verdict)
    assert "caption" not in sentence(query, found)
    word = parse_query(query).wanted.words[0]
    seen = sentence(query, facts("a black boat on the water", verdict=verdict, drops={word: 0.2}))
    assert f"seems to show “{word}”." in seen
    assert "caption" not in seen


def test_a_long_query_names_only_the_first_words() -> None:
    query = " ".join(f"w{number}" for number in range(500)) + " " + "x" * 5000
    text = sentence(query, facts("a red house", verdict="none"))
    assert "“w3” or 497 more" in text
    assert "“w3” or “w4”" in sentence("w0 w1 w2 w3 w4", facts("a red house"))
    assert f"“{'x' * 40}”" in sentence("x" * 5000, facts("a red house"))


def test_braces_of_a_stranger_are_only_quoted() -> None:
    assert "“0” or “seen”" in sentence("{0} {seen}", facts("a {mentioned} house"))
    assert "“a {mentioned} house”" in told_of("a house", "a {mentioned} house", "none")


def test_order_and_length_are_those_of_the_hits() -> None:
    hits = [
        hit_of(number, f"{number}.jpg", caption, Evidence(0.3)) for number, caption in enumerate(["a dog", "a cat", None])
    ]
    first = EvidenceExplainer().explain(parse_query("a cat"), hits)
    assert ["not mention" in first[0].text, "mentions" in first[1].text, "no caption" in first[2].text] == [True] * 3
    assert first == EvidenceExplainer().explain(parse_query("a cat"), hits)
    assert EvidenceExplainer().explain(parse_query("a cat"), []) == []
