"""The check of Groq's sentences: ordinary explanations pass, and whatever names something that nobody mentioned does not."""

import pytest

from runtime.explain.groq.check import AGAINST_VERDICT, UNKNOWN_WORDS
from runtime.search.verdicts import Verdict
from tests.runtime.explain.groq.faults_found import fault

SUNSET = "a red boat at sunset"
WHOLE, PART, OTHER = "a red boat on the sea at sunset", "a boat on the sea", "a green house in a meadow"


@pytest.mark.parametrize(
    ("verdict", "query", "caption", "sentence"),
    [
        (
            "strong",
            SUNSET,
            WHOLE,
            "The caption describes a red boat on the sea at sunset, which matches every part of the query.",
        ),
        ("strong", SUNSET, WHOLE, "This picture shows a red boat at sunset, exactly as requested."),
        ("strong", SUNSET, WHOLE, "Strong match: the caption mentions the red boat and the sunset you asked for."),
        ("strong", SUNSET, WHOLE, "It fits well, since the caption explicitly names a red boat at sunset."),
        ("strong", SUNSET, WHOLE, "A red boat on the sea at sunset is exactly what you searched for."),
        ("strong", SUNSET, WHOLE, "With a probability of 97 %, this is a strong match for your red boat at sunset."),
        ("strong", SUNSET, WHOLE, "At 0.97, it is very likely the red boat at sunset that you wanted."),
        ("strong", SUNSET, WHOLE, "The red boat at sunset on the sea perfectly matches your search."),
        ("strong", SUNSET, WHOLE, "All the elements of the query are covered by the caption."),
        ("strong", SUNSET, WHOLE, "The picture aligns with the query because it features a red boat during sunset."),
        ("strong", SUNSET, None, "There is no caption, but the picture itself strongly suggests a red boat."),
        ("strong", SUNSET, None, "“Boat” and “red” count most here, although there isn’t any caption to confirm them."),
        (
            "weak",
            SUNSET,
            PART,
            "The caption mentions a boat on the sea, but nothing is said about it being red or about a sunset.",
        ),
        ("weak", SUNSET, PART, "Only partially matches: there is a boat, but neither red nor sunset is mentioned."),
        ("weak", SUNSET, PART, "The boat matches, yet the caption doesn’t mention red or a sunset."),
        ("weak", SUNSET, PART, "A possible match, as the boat is there but the red colour and the sunset are missing."),
        ("weak", SUNSET, PART, "It partly fits because a boat is described; the sunset is absent."),
        ("weak", SUNSET, "a red house at sunset", "The red colour and sunset are present, but it is a house, not a boat."),
        (
            "weak",
            "a castle at night",
            "a castle in the rain",
            "The castle is there, however the caption says rain, not night.",
        ),
        ("weak", "two dogs playing", "a brown dog on a beach", "A brown dog is described, but the query asks for two dogs."),
        (
            "weak",
            "a boat -sunset",
            WHOLE,
            "It shows a boat, but the caption also mentions a sunset, which you wanted to avoid.",
        ),
        (
            "none",
            SUNSET,
            OTHER,
            "This picture does not match, as it shows a green house in a meadow instead of a red boat at sunset.",
        ),
        ("none", SUNSET, OTHER, "Not a match: the caption describes a green house in a meadow, with no boat or sunset."),
        (
            "none",
            SUNSET,
            OTHER,
            "The caption mentions neither a boat nor a sunset, so this is unlikely to be what you want.",
        ),
        (
            "none",
            SUNSET,
            OTHER,
            "No red boat is mentioned; the picture depicts a green house in a meadow, which is unrelated.",
        ),
        ("none", SUNSET, None, "Without a caption, nothing in the evidence points to a red boat at sunset."),
        ("none", "a dog", "a cat wearing a hat", "This is a cat wearing a hat, not a dog."),
        ("none", "a dog", "a cat wearing a hat", "The image features a cat, so it fails to match the request for a dog."),
        (
            "strong",
            "two dogs playing",
            "two brown dogs play on a beach",
            "Two dogs are playing on a beach, which fits the query.",
        ),
        ("strong", "2 dogs", "two dogs on a beach", "The caption names two dogs, just as you asked."),
        ("strong", "a man riding a horse", "a man rides a brown horse", "The caption describes a man riding a brown horse."),
        ("strong", "grey cat", "a gray cat on a chair", "The gray cat on a chair satisfies the request for a grey cat."),
        ("strong", "a butterfly", "three butterflies in a meadow", "Butterflies in a meadow are mentioned, so it fits."),
        ("strong", "red t-shirt", "a person in a red t-shirt", "The person’s red T‑shirt is named in the caption."),
        ("strong", "rote Katze", "a red cat", "The caption's red cat corresponds to “rote Katze”."),
        (
            "strong",
            "people eating pizza",
            "a group of people sitting at a table eating pizza",
            "The caption mentions people eating pizza at a table.",
        ),
        (
            "strong",
            "cat on a laptop",
            "a cat laying on top of a laptop computer",
            "A cat on a laptop is what the caption has.",
        ),
        ("weak", "two dogs", "three dogs", "The caption says three dogs, not two."),
        (None, SUNSET, PART, "It may match, since the caption includes a boat on the sea."),
    ],
)
def test_ordinary_explanations_pass(verdict: Verdict | None, query: str, caption: str | None, sentence: str) -> None:
    assert fault(sentence, verdict, query, caption) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "The caption mentions a red boat at sunset with a giraffe.",
        "A red boat sails past snowy mountains at sunset.",
        "A sailor stands on the red boat at sunset.",
        "The red boat carries a fisherman, as requested.",
        "A red boat floats in a harbour at sunset.",
        "It shows a red boat and a lighthouse.",
        "A red boat at sunset under dark clouds matches.",
        "The red boat has white sails, which fits the query.",
        "Two red boats at sunset match the query.",
        "3 boats on the sea match the query.",
        "A single red boat is on the sea.",
        "A pair of boats on the sea match the query.",
        "Several people are on the red boat at sunset.",
        "The blue boat at sunset fits the query.",
        "A red and orange boat matches the query.",
        "A wooden boat at sunset fits the query.",
        "A large red boat is shown at sunset.",
        "A beautiful red boat at sunset matches.",
        "The red boat reflects in the calm water at sunset.",
        "A red boat in the evening fits the query.",
        "A red boat at dusk fits the query.",
        "The caption shows a red boat in Venice at sunset.",
        "This is the Titanic at sunset.",
        "With 12 % this is a red boat at sunset.",
        "With a score of 0.31 this is a red boat at sunset.",
        "The file IMG 2041 shows a red boat.",
        "Buy cheap pills, as the caption says.",
        "The leaves match the query at sunset.",
        "The red boat at sunset, kings and cans match.",
        "Ein rotes Boot bei Sonnenuntergang, wie gewünscht.",
        "A red bоat at sunset matches.",  # with a Cyrillic о
    ],
)
def test_a_sentence_that_names_what_nobody_mentioned_is_caught(sentence: str) -> None:
    assert fault(sentence, "strong", SUNSET, WHOLE) == UNKNOWN_WORDS


def test_another_hits_words_are_unknown_words() -> None:
    sentence = "A green house in a meadow does not match the query."
    assert fault(sentence, "none", SUNSET, OTHER) is None
    assert fault(sentence, "none", SUNSET, "a dog on a beach") == UNKNOWN_WORDS


def test_one_is_known_where_a_single_thing_is_named() -> None:
    assert fault("It shows one boat.", "strong", "a boat", "a boat") is None
    assert fault("It shows one of the boats.", "strong", "boats", "boats") == UNKNOWN_WORDS


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("none", "The caption mentions a boat on the sea, which fits the query."),
        ("none", "This picture is a perfect match for the query, with no boat missing."),
        ("weak", "This picture perfectly matches the query."),
        ("strong", "This picture does not match the query."),
        ("strong", "It isn't really a match for the query."),
        ("strong", "Nothing here fits the query."),
        ("strong", "The boat is unrelated to the query."),
    ],
)
def test_a_sentence_against_the_verdict_is_caught(verdict: Verdict, sentence: str) -> None:
    assert fault(sentence, verdict, SUNSET, PART) == AGAINST_VERDICT


def test_a_strong_match_may_lack_a_part() -> None:
    assert fault("The boat on the sea matches, though no sunset is mentioned.", "strong", SUNSET, PART) is None


def test_the_probability_is_the_only_number_that_needs_no_witness() -> None:
    assert fault("A boat, with a probability of 54 percent.", "weak", SUNSET, PART) is None
    assert fault("A boat, with a probability of 54 percent.", None, SUNSET, PART) is not None
    assert fault("There are 54 boats on the sea.", "weak", SUNSET, PART) == UNKNOWN_WORDS


@pytest.mark.parametrize(
    ("known", "form"),
    [("sled", "sledding"), ("ride", "riding"), ("eat", "eating"), ("plan", "planned"), ("carry", "carried"), ("1", "one"),
     ("ten", "10"), ("gray", "grey"), ("pony", "ponies")],
)  # fmt: skip
def test_a_form_of_a_known_word_is_known(known: str, form: str) -> None:
    assert fault(f"“{form}” counts most here.", "strong", known, known) is None


@pytest.mark.parametrize(("known", "other"), [("car", "carting"), ("se", "seed"), ("go", "going"), ("two", "one")])
def test_a_word_that_only_begins_with_a_known_one_is_not(known: str, other: str) -> None:
    assert fault(f"It shows {other}.", "strong", known, known) == UNKNOWN_WORDS


def test_a_probability_may_be_said_as_it_is_rounded_and_no_other() -> None:
    for said in ("97 %", "97%", "97 percent", "0.97"):
        assert fault(f"A red boat, {said}.", "strong", SUNSET, WHOLE) is None
    for said in ("96 %", "0.96", "0.975", "97 boats"):
        assert fault(f"A red boat, {said}.", "strong", SUNSET, WHOLE) == UNKNOWN_WORDS
