"""Local sentences: they say where each word of the query stands and how likely a match is, and claim nothing else."""

import pytest

from runtime.explain.sentences import EvidenceExplainer, tally_words
from runtime.search.evidence import Evidence, Hit, Verdict, WordWeight
from runtime.search.query import parse_query
from runtime.search.words import Phrase, stem
from tests.runtime.explain.hits import hit_of

SUNSET = "a red boat at sunset"


def facts(
    caption: str | None,
    score: float = 0.3,
    *,
    verdict: Verdict | None = None,
    probability: float | None = None,
    drops: dict[str, float] | None = None,
) -> Hit:
    """One hit; `drops` are the cosines that the match loses without each word."""
    gained = sum(max(drop, 0.0) for drop in (drops or {}).values()) or 1.0
    words = tuple(
        WordWeight(word, drop, max(drop, 0.0) / gained, stem(word) in Phrase(caption or "").stems)
        for word, drop in (drops or {}).items()
    )
    evidence = Evidence(score, match_probability=probability, verdict=verdict, words=words)
    return hit_of(1, "a.jpg", caption, evidence)


def sentence(query: str, hit: Hit) -> str:
    (explanation,) = EvidenceExplainer().explain(parse_query(query), [hit])
    assert explanation.source == "evidence"
    return explanation.text


EVEN = {"red": 0.03, "boat": 0.04, "sunset": 0.03}


def test_a_strong_match_whose_caption_mentions_every_word() -> None:
    hit = facts("a red boat on the sea at sunset", verdict="strong", probability=0.97, drops=EVEN)
    assert sentence(SUNSET, hit) == (
        "A strong match (97 %): the caption mentions “red”, “boat” and “sunset”, all that you asked for."
    )


def test_the_word_that_counts_for_most_is_named() -> None:
    hit = facts("a red boat at sunset", verdict="strong", probability=0.9, drops={"red": 0.01, "boat": 0.09, "sunset": 0.03})
    assert sentence(SUNSET, hit).endswith("mentions “red”, “boat” and “sunset”, and “boat” counts most.")


def test_one_word_that_the_caption_mentions_is_said_without_more() -> None:
    hit = facts("a boat", verdict="strong", probability=0.9, drops={"boat": 0.1})
    assert sentence("a boat", hit) == "A strong match (90 %): the caption mentions “boat”."


@pytest.mark.parametrize(
    ("sunset_drop", "said"),
    [
        (0.05, "the caption mentions “red” and “boat”; “sunset” is not in it, but the picture speaks for it."),
        (0.0, "the caption mentions “red” and “boat”, but not “sunset”."),
        (-0.05, "the caption mentions “red” and “boat”, but nothing speaks for “sunset”."),
    ],
)
def test_the_picture_may_speak_for_what_the_caption_lacks(sunset_drop: float, said: str) -> None:
    hit = facts("a red boat", verdict="weak", probability=0.54, drops=EVEN | {"sunset": sunset_drop})
    assert sentence(SUNSET, hit) == f"A weak match (54 %): {said}"


def test_each_word_is_said_where_it_stands() -> None:
    hit = facts("a boat on the sea", verdict="strong", probability=0.88, drops={"red": 0.0, "boat": 0.09, "sunset": 0.03})
    assert sentence(SUNSET, hit) == (
        "A strong match (88 %): the caption mentions “boat” and the picture speaks for “sunset”, but not clearly for “red”."
    )


def test_the_picture_alone_may_speak_for_a_match() -> None:
    hit = facts("a house", verdict="weak", probability=0.6, drops={"red": 0.1, "whale": 0.1})
    assert sentence("a red whale", hit) == (
        "A weak match (60 %): the caption does not mention “red” or “whale”, but the picture speaks for them."
    )


def test_a_strong_match_that_no_word_speaks_for_is_one_by_its_looks() -> None:
    hit = facts("a red house", verdict="strong", probability=0.81, drops={"whale": -0.1})
    assert sentence("a whale", hit) == ("A strong match (81 %), by its looks alone: the caption does not mention “whale”.")


@pytest.mark.parametrize(
    ("caption", "drops", "said"),
    [
        ("a house", {"red": -0.1, "boat": -0.1}, ": nothing speaks for “red” or “boat”."),
        ("a house", {"red": -0.1, "boat": 0.0}, ": the caption does not mention “red” or “boat”."),
        ("a red house", {"red": 0.1, "boat": -0.1}, ": the caption mentions “red”, but nothing speaks for “boat”."),
        ("a red boat", {"red": 0.1, "boat": 0.1}, ", although the caption mentions “red” and “boat”."),
        (None, {"red": -0.1, "boat": -0.1}, ": nothing speaks for “red” or “boat”."),
        (None, {}, ": there is no caption to compare with."),
    ],
)
def test_what_is_probably_no_match_is_said_plainly(caption: str | None, drops: dict[str, float], said: str) -> None:
    hit = facts(caption, verdict="none", probability=0.04, drops=drops)
    assert sentence("a red boat", hit) == f"Probably not what you asked for (4 %){said}"


@pytest.mark.parametrize("caption", [None, ""])
@pytest.mark.parametrize(
    ("drops", "said"),
    [
        ({"red": 0.1, "whale": 0.1}, ": it has no caption, but the picture speaks for “red” and “whale”."),
        ({"red": 0.0, "whale": 0.1}, ": it has no caption; the picture speaks for “whale”, not clearly for “red”."),
        ({"red": 0.0, "whale": 0.0}, ", by its looks alone: there is no caption to compare with."),
        ({}, ", by its looks alone: there is no caption to compare with."),
    ],
)
def test_a_missing_caption_is_said_so(caption: str | None, drops: dict[str, float], said: str) -> None:
    hit = facts(caption, verdict="strong", probability=0.9, drops=drops)
    assert sentence("a red whale", hit) == f"A strong match (90 %){said}"


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.999, "(over 99 %)"), (0.99, "(99 %)"), (0.0, "(under 1 %)"), (0.01, "(1 %)"), (None, "A strong match:")],
)
def test_nothing_is_called_certain(probability: float | None, said: str) -> None:
    assert said in sentence("a boat", facts("a boat", verdict="strong", probability=probability))


@pytest.mark.parametrize(
    ("caption", "score", "said"),
    [
        (
            "a red boat at sunset",
            0.312,
            "The caption mentions “red”, “boat” and “sunset”, all that you asked for (score 0.31).",
        ),
        ("a red boat at night", 0.3, "The caption mentions “red” and “boat”, but not “sunset” (score 0.30)."),
        (
            "a whale",
            0.3,
            "The caption does not mention “red”, “boat” or “sunset”; the picture was found by its looks alone (score 0.30).",
        ),
        (None, 0.3, "There is no caption to compare with; the picture was found by its looks alone (score 0.30)."),
        (None, 0.2, "There is no caption to compare with; the picture was found by its looks alone (score 0.20)."),
        (None, 0.04, "There is no caption to compare with, and the score is low (0.04): probably not a match."),
        (None, -0.001, "There is no caption to compare with, and the score is low (0.00): probably not a match."),
    ],
)
def test_without_calibration_caption_and_score_are_told(caption: str | None, score: float, said: str) -> None:
    assert sentence(SUNSET, facts(caption, score)) == said


@pytest.mark.parametrize("query", ["the", "🛶", "?!", "\ud800"])
def test_a_query_without_content_words_still_gets_a_sentence(query: str) -> None:
    nothing = "the query names nothing that a caption could mention"
    assert sentence(query, facts("a red house")).startswith(nothing.capitalize())
    assert sentence(query, facts("a red house", verdict="weak", probability=0.5)) == (
        f"A weak match (50 %), by its looks alone: {nothing}."
    )
    assert sentence(query, facts(None, verdict="none")) == f"Probably not what you asked for: {nothing}."


@pytest.mark.parametrize(
    ("score", "degree"),
    [
        (0.95, "almost exactly"),
        (0.949, "much"),
        (0.8, "much"),
        (0.799, "somewhat"),
        (0.65, "somewhat"),
        (0.649, "only a little"),
        (-0.2, "only a little"),
    ],
)
def test_a_search_by_a_picture_alone_is_answered_by_likeness(score: float, degree: str) -> None:
    text = sentence("", facts("a red boat", score))
    assert text.startswith(f"It looks {degree}")
    assert text.endswith(f"like your picture (similarity {score:.2f}).")


@pytest.mark.parametrize(
    ("query", "added"),
    [
        ("a boat -sunset", " It also mentions “sunset”, which you wanted left out."),
        ("a boat -sunsets -night", " It also mentions “sunsets”, which you wanted left out."),
        ("a whale -sunset", " The caption mentions “sunset”, which you wanted left out."),
        ("-'red boat'", " The caption mentions “red boat”, which you wanted left out."),
        ("a boat -'red sunset'", ""),
        ("a boat -sun -the", ""),
    ],
)
def test_an_unwanted_word_that_the_caption_mentions_is_said_so(query: str, added: str) -> None:
    text = sentence(query, facts("a red boat at sunset", 0.3))
    assert text.partition(").")[2] == added


@pytest.mark.parametrize(("query", "caption"), [("two boats", "two BOATS"), ("a butterfly", "three butterflies")])
def test_case_and_plural_do_not_hide_a_word(query: str, caption: str) -> None:
    assert tally_words(Phrase(query), facts(caption)).missing == []


def test_another_number_and_a_part_of_a_word_are_missing() -> None:
    assert [word.word for word in tally_words(Phrase("two cars"), facts("a carrot on a scarf")).missing] == ["two", "cars"]


def test_a_word_that_was_not_weighed_stands_by_the_caption_alone() -> None:
    tally = tally_words(Phrase("a red boat"), facts("a boat", drops={"red": 0.1}))
    assert [word.word for word in tally.mentioned] == ["boat"]
    assert [word.word for word in tally.seen] == ["red"]


def test_a_drop_counts_by_its_part_of_the_score() -> None:
    assert tally_words(Phrase("a whale"), facts("a boat", 0.9, drops={"whale": 0.04})).seen == []
    assert len(tally_words(Phrase("a whale"), facts("a boat", 0.3, drops={"whale": 0.04})).seen) == 1
    assert tally_words(Phrase("a whale"), facts("a boat", -0.3, drops={"whale": 0.001})).seen == []


def test_a_drop_is_clear_from_a_twentieth_of_the_score_on_and_from_five_thousandths_on() -> None:
    for score, least in ((0.8, 0.8 * 0.05), (0.05, 0.005)):
        whale = [facts("a boat", score, drops={"whale": drop}) for drop in (least, 0.99 * least, -0.99 * least, -least)]
        tallies = [tally_words(Phrase("a whale"), hit) for hit in whale]
        assert [(len(tally.seen), tally.refuted) for tally in tallies] == [(1, False), (0, False), (0, False), (0, True)]


@pytest.mark.parametrize(("red", "said"), [(0.03, "and “boat” counts most."), (0.031, "all that you asked for.")])
def test_a_word_counts_most_from_half_of_all_on(red: float, said: str) -> None:
    hit = facts(SUNSET, verdict="strong", probability=0.9, drops={"red": red, "boat": 0.05, "sunset": 0.02})
    assert sentence(SUNSET, hit).endswith(said)


def test_other_scripts_are_words_too() -> None:
    assert "does not mention “красная” or “лодка”" in sentence("красная лодка", facts("a red boat"))


def test_a_long_query_names_only_the_first_words() -> None:
    query = " ".join(f"w{number}" for number in range(500)) + " " + "x" * 5000
    text = sentence(query, facts("a red house", verdict="none", probability=0.1))
    assert "“w3” or 497 more" in text
    assert "“w3” or “w4”" in sentence("w0 w1 w2 w3 w4", facts("a red house"))
    assert f"“{'x' * 40}”" in sentence("x" * 5000, facts("a red house"))


def test_braces_of_a_stranger_are_only_quoted() -> None:
    assert "“0” or “seen”" in sentence("{0} {seen}", facts("a {mentioned} house"))


def test_order_and_length_are_those_of_the_hits() -> None:
    hits = [
        hit_of(number, f"{number}.jpg", caption, Evidence(0.3)) for number, caption in enumerate(["a dog", "a cat", None])
    ]
    first = EvidenceExplainer().explain(parse_query("a cat"), hits)
    assert ["not mention" in first[0].text, "mentions" in first[1].text, "no caption" in first[2].text] == [True] * 3
    assert first == EvidenceExplainer().explain(parse_query("a cat"), hits)
    assert EvidenceExplainer().explain(parse_query("a cat"), []) == []
