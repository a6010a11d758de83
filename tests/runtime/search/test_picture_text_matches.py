"""What of the text in a picture a query names, and when all of it stands together."""

from collections.abc import Sequence

import numpy as np
import pytest

from runtime.library.image_rows import ImageRow
from runtime.library.picture_text import PictureWord
from runtime.search.evidence import Evidence
from runtime.search.picture_text_matches import WORDS_BETWEEN_MAX, WORDS_NAMED_MAX, Writing, find_writing, words_of_writing
from runtime.search.ranking import NAMES_BELIEVED, Ranker
from runtime.search.text_search import words_of_text
from runtime.web.schemas import EvidenceBody
from tests.runtime.search.test_ranking_stance import WEIGHED, asked, logistic, store_of


def text_of(sentence: str) -> tuple[PictureWord, ...]:
    return tuple(PictureWord(word, (at / 100, 0.0, (at + 1) / 100, 0.1)) for at, word in enumerate(sentence.split()))


def writing(sentence: str, query: str) -> Writing:
    return find_writing(text_of(sentence), words_of_text(query).words)


@pytest.mark.parametrize(
    ("sentence", "query", "named", "quote"),
    [
        ("Platform 4", "platform 4", ["Platform", "4"], "Platform 4"),
        ("PLATFORM No. 4 to London", "the platform 4", ["PLATFORM", "4"], "PLATFORM No. 4"),
        ("4 platforms", "platform 4", ["4", "platforms"], "4 platforms"),
        ("Gleis-4", "gleis 4", ["Gleis-4"], "Gleis-4"),
        ("Königstraße 12", "konigstrasse", ["Königstraße"], "Königstraße"),
        ("北京火车站", "火车", ["北京火车站"], "北京火车站"),
        ("exit a b c exit platform", "exit platform", ["exit", "exit", "platform"], "exit platform"),
        ("Platform 5", "platform 4", ["Platform"], ""),
        ("Bakery", "platform 4", [], ""),
        ("", "platform", [], ""),
        ("the a of", "the photo", [], ""),
    ],
)
def test_words_are_named_by_their_stems_and_quoted_where_all_stand_together(
    sentence: str, query: str, named: list[str], quote: str
) -> None:
    found = writing(sentence, query)
    assert ([word.text for word in found.words], found.quote, found.is_whole) == (named, quote, bool(quote))


def test_words_that_stand_far_apart_are_no_text_of_their_own() -> None:
    for between, is_whole in ((WORDS_BETWEEN_MAX, True), (WORDS_BETWEEN_MAX + 1, False)):
        found = writing(" ".join(["red", *["other"] * between, "house"]), "red house")
        assert found.is_whole == is_whole
        assert len(found.words) == 2


def test_of_a_page_full_of_a_word_no_more_are_marked_than_can_be_seen() -> None:
    assert len(writing("boat " * 1000, "boat").words) == WORDS_NAMED_MAX


def test_function_words_are_not_searched_for() -> None:
    assert words_of_writing(["The", "Boats", "of", "boat", "14%to3.2"]) == ("boat", "14", "3", "2")


def judged(query: str, texts: dict[int, Sequence[PictureWord]]) -> list[Evidence]:
    rows = [ImageRow(at, f"{at}.jpg", "", 1, 1, 1, None) for at in (1, 2, 3)]
    store = store_of([[1, 1, 1, 1]] * 3)
    return Ranker(store, None, WEIGHED, texts_of=lambda _: texts).judge(asked(query), rows, store.vectors_of([1, 2, 3]))


def test_a_picture_that_says_all_of_it_is_believed_as_one_that_is_named_so() -> None:
    evidence = judged("a red boat", {1: text_of("RED BOAT"), 2: text_of("boat"), 3: ()})
    lifted = 1 - (1 - logistic(-4)) * (1 - NAMES_BELIEVED)
    assert [known.match_probability for known in evidence] == pytest.approx([lifted, logistic(-4), logistic(-4)])
    assert [[word.text for word in known.writing.words] for known in evidence] == [["RED", "BOAT"], ["boat"], []]
    assert np.all([not known.is_named for known in evidence])


def test_a_query_without_content_words_names_no_text() -> None:
    assert [known.writing for known in judged("the photo", {1: text_of("the photo")})] == [Writing()] * 3


def test_an_answer_has_the_words_that_a_query_names_with_their_boxes() -> None:
    told, other, _ = (
        EvidenceBody.model_validate(one) for one in judged("a boat", {1: text_of("old boats"), 2: text_of("sea")})
    )
    assert told.written
    assert [word.model_dump() for word in told.text] == [{"text": "boats", "box": (0.01, 0.0, 0.02, 0.1)}]
    assert (other.written, other.text) == (False, [])
    assert EvidenceBody.model_validate_json(told.model_dump_json()) == told
