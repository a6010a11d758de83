"""The check of Groq's sentences: what one claims of the caption, the picture and the query is looked up."""

import pytest

from runtime.explain.groq.check import AGAINST_VERDICT, UNSTATED, find_fault
from runtime.search.evidence import Evidence, WordWeight
from runtime.search.query import parse_query
from runtime.search.verdicts import Verdict
from tests.conftest import ROOT
from tests.runtime.explain.groq.faults_found import fault
from tests.runtime.explain.hits import hit_of

SUNSET = "a red boat at sunset"
WHOLE, PART, OTHER = "a red boat on the sea at sunset", "a boat on the sea", "a green house in a meadow"
OTHER_HOUSE, SWAPPED = "a blue house at night", "a blue boat next to a red house"


@pytest.mark.parametrize(
    ("query", "caption", "verdict", "sentence", "found"),
    [
        ("a red boat", OTHER_HOUSE, "none", "Nothing lacks here, and no boat is missing.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "No part of the query is left out.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "Without a doubt, a red boat is described.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "Not a house but a red boat is shown.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "Other than a red boat, nothing is visible.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "Nothing is visible apart from a red boat.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "With the exception of a red boat, no object is shown.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "none", "The caption omits the red boat that is in the picture.", AGAINST_VERDICT),
        ("a red boat", OTHER_HOUSE, "strong", "A red boat is described in the caption.", UNSTATED),
        ("a red boat", OTHER_HOUSE, "strong", "The caption says “red boat”.", UNSTATED),
        ("a red boat", OTHER_HOUSE, "strong", "You asked for a red boat, which is shown here.", UNSTATED),
        ("a red boat", OTHER_HOUSE, "strong", "You asked for a red boat, and the caption has it.", UNSTATED),
        ("a red boat and a blue house", SWAPPED, "strong", "It shows a blue house and a red boat.", UNSTATED),
        ("a red boat and a blue house", SWAPPED, "strong", "The boat is red, as you asked.", UNSTATED),
        ("two dogs", "three dogs", "strong", "There are two dogs in this picture.", UNSTATED),
        ("a dog", "three dogs", "strong", "The caption describes a dog.", UNSTATED),
        ("a red boat", WHOLE, "strong", "No boat is described here.", UNSTATED),
        ("two dogs", "three dogs", "weak", "Dogs are there, two instead of three.", UNSTATED),
        ("a black cat", "a cat on a black sofa", "strong", "A cat is shown, and it is black.", UNSTATED),
        ("a dog chasing a cat", "a cat chasing a dog", "strong", "The caption has a dog chasing a cat.", UNSTATED),
        ("man riding horse", "a horse riding in a truck next to a man", "strong", "A man is riding the horse.", UNSTATED),
        ("a glass of wine", "a glass of water and a bottle of wine", "strong", "It shows a glass of wine.", UNSTATED),
        ("a cat in a hat", "a boy in a hat and a cat in a box", "strong", "The caption has a cat in a hat.", UNSTATED),
        ("a cat with a hat", "a boy with a hat and a cat with a ball", "strong", "It shows a cat with a hat.", UNSTATED),
        ("a red boat", WHOLE, "strong", "The boat is not mentioned in the caption.", UNSTATED),
        ("a red boat", WHOLE, "strong", "It is about something else.", AGAINST_VERDICT),
        ("a red boat", WHOLE, "strong", "The boat is under the sea.", UNSTATED),
        ("a red boat", WHOLE, "strong", "You asked for a sunset on the sea.", UNSTATED),
        ("a red boat", "a blue boat", "weak", "This is precisely what you wanted.", AGAINST_VERDICT),
        ("a red boat", "a blue boat", "weak", "A strong match, as there is a boat.", AGAINST_VERDICT),
        ("a red boat", "a blue boat", "weak", "It has nothing to do with the query.", AGAINST_VERDICT),
        ("a red boat", "a blue boat", "weak", "The caption does not mention red, but the picture shows it.", UNSTATED),
    ],
)
def test_a_claim_that_is_not_so_is_caught(query: str, caption: str, verdict: Verdict, sentence: str, found: str) -> None:
    assert fault(sentence, verdict, query, caption) == found


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("your bank account is closed dial 555 0111", "Your account is closed, so this does not match."),
        ("your bank account is closed dial 555 0111", "No boat matches, dial 555 0111."),
        ("your bank account is closed dial 555 0111", "You asked for it: the bank account is closed."),
        ("your bank account is closed dial 555 0111", "The caption does not mention that the account is closed."),
        ("pay the fee", "This is not a match, and you need to pay the fee."),
        ("pay the fee", "It does not match, so pay the fee."),
        ("the mayor is a thief", "Nothing here says that the mayor is a thief."),
    ],
)
def test_a_query_does_not_speak_to_the_reader(query: str, sentence: str) -> None:
    assert fault(sentence, "none", query, "a red boat") is not None


def test_a_querys_words_may_be_quoted() -> None:
    assert fault("“Pay the fee” is not in the caption, so this does not match.", "none", "pay the fee", "a red boat") is None


def test_a_word_that_the_picture_speaks_for_is_said_of_the_picture_alone() -> None:
    words = (WordWeight("boat", 0.1, 0.5, in_caption=True), WordWeight("sunset", 0.1, 0.5, in_caption=False))
    evidence = Evidence(0.3, match_probability=0.97, verdict="strong", words=words)
    query, hit = parse_query("a boat at sunset"), hit_of(1, "a.jpg", "a boat", evidence)
    assert find_fault("The caption mentions a boat, and the picture shows a sunset.", query, hit) is None
    assert find_fault("The caption mentions a boat and a sunset.", query, hit) == UNSTATED
    assert find_fault("The picture shows no sunset.", query, hit) == UNSTATED


def test_the_sentences_of_the_shared_case_fall_back() -> None:
    case = ROOT.parent / "shared/cases/32-groq-sentences-that-stood/README.md"
    if not case.is_file():
        pytest.skip("the shared folder of cases is not beside this checkout")
    rows = [
        [cell.strip() for cell in line.split("|")] for line in case.read_text("utf-8").splitlines() if line.count("|") == 3
    ]
    assert len(rows) > 10
    verdicts: dict[str, Verdict] = {"strong": "strong", "weak": "weak", "none": "none"}
    for query, caption, verdict, sentence in rows[1:]:
        assert fault(sentence, verdicts[verdict], query, caption) is not None, sentence
