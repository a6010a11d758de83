"""Local sentences: they name what the caption has and lacks, and claim nothing else."""

import pytest

from runtime.explain import EvidenceExplainer, HitFacts, content_words


def sentence(query: str, caption: str | None, score: float = 0.3) -> str:
    (explanation,) = EvidenceExplainer().explain(query, [HitFacts(1, "a.jpg", caption, score)])
    assert explanation.source == "evidence"
    return explanation.text


def test_every_word_in_the_caption_is_said_so() -> None:
    assert sentence("a red boat at sunset", "a red boat on the sea at sunset", 0.312) == (
        "The caption mentions “red”, “boat” and “sunset”: every word that was asked for (score 0.31)."
    )


def test_words_that_the_caption_lacks_are_named() -> None:
    assert sentence("a red boat at sunset", "a red boat at night") == (
        "The caption mentions “red” and “boat”, but not “sunset” (score 0.30)."
    )


@pytest.mark.parametrize(("query", "caption"), [("two boats", "two BOATS"), ("a butterfly", "three butterflies")])
def test_case_and_plural_do_not_hide_a_word(query: str, caption: str) -> None:
    assert "every word" in sentence(query, caption)


def test_other_number_is_a_lacking_word() -> None:
    assert "but not “two”" in sentence("two boats", "a boat")


def test_part_of_a_word_is_no_match() -> None:
    assert "does not mention “car”" in sentence("car", "a carrot on a scarf")


def test_no_overlap_claims_no_match() -> None:
    assert sentence("a whale", "a red house", 0.31) == (
        "The caption does not mention “whale”; the picture was found by its looks alone (score 0.31)."
    )


@pytest.mark.parametrize("caption", [None, "a red house"])
def test_no_overlap_and_a_low_score_is_probably_no_match(caption: str | None) -> None:
    assert sentence("a whale", caption, -0.04).endswith("the score is low (-0.04): probably not a match.")


@pytest.mark.parametrize("caption", [None, ""])
def test_missing_caption_is_said_so(caption: str | None) -> None:
    assert sentence("a whale", caption) == (
        "There is no caption to compare with; the picture was found by its looks alone (score 0.30)."
    )


@pytest.mark.parametrize("query", ["the", "🛶", "?!", "", "\ud800"])
def test_query_without_content_words_still_gets_a_sentence(query: str) -> None:
    assert sentence(query, "a red house") == ("The query names nothing that could be looked up in the caption (score 0.30).")


def test_other_scripts_are_words_too() -> None:
    assert "does not mention “красная” or “лодка”" in sentence("красная лодка", "a red boat")


def test_long_query_names_only_the_first_words() -> None:
    text = sentence(" ".join(f"w{number}" for number in range(500)) + " " + "x" * 5000, "a red house")
    assert "“w5” or 495 more" in text
    assert len(text) < 200


def test_contractions_and_possessives_are_reduced_to_their_word() -> None:
    assert content_words("The fisherman’s boat, the dogs' tent") == ["fisherman", "boat", "dogs", "tent"]


def test_order_and_length_are_those_of_the_hits() -> None:
    hits = [HitFacts(number, f"{number}.jpg", caption, 0.3) for number, caption in enumerate(["a dog", "a cat", None])]
    first = EvidenceExplainer().explain("a cat", hits)
    assert ["not mention" in first[0].text, "every" in first[1].text, "no caption" in first[2].text] == [True] * 3
    assert first == EvidenceExplainer().explain("a cat", hits)
    assert EvidenceExplainer().explain("a cat", []) == []
