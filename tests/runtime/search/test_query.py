"""A request inside its limits, its query parsed; and the direction that words, minus-words and a picture make together."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from runtime.errors import IdsOutOfRange, PictureWeightOutOfRange, QueryEmpty, QueryTooLong, RequestMalformed, TopKOutOfRange
from runtime.search.caption_stance import Statement
from runtime.search.embedded_query import Query, Vectors
from runtime.search.query import MINUS_WORDS_MAX, RequestLimits, parse_query

LIMITS = RequestLimits(top_k_max=50, query_max_chars=200, heatmaps_max=2)
BOAT, SUNSET, PICTURE = np.eye(4, dtype=np.float32)[:3]


def made_of(text: str, wanted: Vectors | None, unwanted: tuple[Vectors, ...] = (), *picture: Any) -> Query:
    """The query with what it states, as the engine makes it; `picture` is one and its weight."""
    parsed = parse_query(text)
    phrases = (*([parsed.wanted] if wanted is not None else []), *parsed.unwanted)
    return Query(parsed, wanted, tuple(Statement.of(phrase.text) for phrase in phrases), unwanted, *picture)


def test_words_alone_look_where_their_vector_points() -> None:
    query = made_of("a boat", BOAT)
    assert not query.is_mixed
    assert np.array_equal(query.direction(), BOAT)
    assert query.scores(np.stack([BOAT, SUNSET])) == pytest.approx([1, 0])


def test_minus_words_turn_the_direction_away_and_leave_the_score_alone() -> None:
    query = made_of("a boat -sunset", BOAT, (SUNSET,))
    assert query.direction() @ SUNSET < 0 < query.direction() @ BOAT
    assert np.linalg.norm(query.direction()) == pytest.approx(1)
    assert query.scores(np.stack([BOAT, SUNSET])) == pytest.approx([1, 0])


def test_half_of_each_unwanted_text_is_subtracted_from_the_wanted_one() -> None:
    one = made_of("a boat -sunset", BOAT, (SUNSET,))
    two = made_of("a boat -sunset -night", BOAT, (SUNSET, PICTURE))
    assert one.direction() == pytest.approx(np.array([1, -0.5, 0, 0]) / np.sqrt(1.25))
    assert two.direction() == pytest.approx(np.array([1, -0.5, -0.5, 0]) / np.sqrt(1.5))


def test_a_picture_without_words_is_the_whole_direction_whatever_its_weight() -> None:
    query = made_of("", None, (), PICTURE, 0.1)
    assert not query.is_mixed
    assert np.array_equal(query.direction(), PICTURE)
    assert query.scores(np.stack([PICTURE])) == pytest.approx([1])


def test_a_picture_with_minus_words_alone_is_turned_away_from_them() -> None:
    query = made_of("-sunset", None, (SUNSET,), PICTURE)
    assert query.is_mixed
    assert query.direction() @ SUNSET < 0 < query.direction() @ PICTURE


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_in_a_mix_each_part_counts_by_its_weight(weight: float) -> None:
    query = made_of("a boat", BOAT, (), PICTURE, weight)
    wanted = np.array([1 - weight, 0, weight, 0]) / np.hypot(1 - weight, weight)
    assert query.direction() == pytest.approx(wanted)
    assert query.scores(np.stack([BOAT, PICTURE])) == pytest.approx([1 - weight, weight])


def test_in_a_mix_the_part_whose_cosines_spread_less_is_not_drowned() -> None:
    rng = np.random.default_rng(0)
    library = rng.standard_normal((200, 4)) * [0.02, 0.1, 0.5, 0.1]  # hardly a difference along the words
    query = made_of("a boat", BOAT, (), PICTURE, 0.5)
    spreads = [float((library @ part).std()) for part in (BOAT, PICTURE)]
    direction = query.direction(library.astype(np.float32))
    assert direction[0] / direction[2] == pytest.approx(spreads[1] / spreads[0], rel=1e-3)


def test_a_library_whose_pictures_are_all_alike_has_no_spread_to_divide_by() -> None:
    query = made_of("a boat", BOAT, (), PICTURE, 0.5)
    direction = query.direction(np.stack([BOAT, BOAT]))
    assert direction == pytest.approx(np.array([1, 0, 1, 0]) / np.sqrt(2))


@pytest.mark.parametrize("query", ["", "   ", "\n\t", "-sunset", '-"a red boat" -night'])
def test_words_that_name_nothing_to_look_for_are_refused(query: str) -> None:
    with pytest.raises(QueryEmpty, match="only leaves things out"):
        LIMITS.check_search(query, 1)
    with pytest.raises(QueryEmpty):
        LIMITS.check_explain(query, [1])


@pytest.mark.parametrize("query", ["", "-sunset"])
def test_beside_a_picture_the_words_may_want_nothing(query: str) -> None:
    assert LIMITS.check_search(query, 1, like=3).query == LIMITS.check_image_search(query, 1).query == parse_query(query)


def test_an_over_long_query_is_refused_with_both_numbers() -> None:
    with pytest.raises(QueryTooLong) as refused:
        LIMITS.check_search("r" * 201, 1)
    assert (refused.value.given, refused.value.max_allowed) == (201, 200)
    assert LIMITS.check_search(" " + "r" * 200 + " ", 1).query.text == "r" * 200


@pytest.mark.parametrize("left_out", ["-{}", "without {}", '-"{} boat"'])
def test_more_to_leave_out_than_share_a_run_is_refused_with_both_numbers(left_out: str) -> None:
    limits = RequestLimits(query_max_chars=1000)
    named = [left_out.format("".join(letters)) for letters in product("ab", repeat=5)]
    allowed = limits.check_search("red " + " ".join(named[:MINUS_WORDS_MAX]), 1)
    assert len(allowed.query.unwanted) == MINUS_WORDS_MAX
    with pytest.raises(QueryTooLong, match="17 words or phrases to leave out; 16 are allowed"):
        limits.check_search("red " + " ".join(named[: MINUS_WORDS_MAX + 1]), 1)


def test_a_request_at_its_limits_is_not_refused() -> None:
    assert [LIMITS.check_search("red", top_k).top_k for top_k in (1, 50)] == [1, 50]
    assert [LIMITS.check_image_search("", 1, picture_weight=weight).picture_weight for weight in (0, 1)] == [0, 1]
    assert LIMITS.check_explain("red", [5, 4], heatmap=True).ids == (5, 4)
    assert len(LIMITS.check_explain("red", range(50)).ids) == 50


def test_unless_set_otherwise_a_request_may_have_a_hundred_pictures_ten_heatmaps_and_a_thousand_characters() -> None:
    assert RequestLimits() == RequestLimits(top_k_max=100, query_max_chars=1000, heatmaps_max=10)


def test_what_a_request_leaves_open_has_sentences_no_heatmaps_and_as_much_of_the_picture_as_of_the_words() -> None:
    by_words, by_picture, explained = (
        LIMITS.check_search("red", 1), LIMITS.check_image_search("red", 1), LIMITS.check_explain("red", [1])
    )  # fmt: skip
    assert (by_words.explain, by_picture.explain, explained.explain, explained.heatmap) == (True, True, True, False)
    assert (by_words.like, by_words.picture_weight, by_picture.picture_weight) == (None, 0.5, 0.5)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(RequestMalformed, match="half a character"):
        LIMITS.check_search("a boat \ud800", 1)


@pytest.mark.parametrize("top_k", [0, -1, 51, 10**9])
def test_top_k_outside_its_range_is_refused(top_k: int) -> None:
    with pytest.raises(TopKOutOfRange, match=f"top_k is {top_k}"):
        LIMITS.check_search("red", top_k)
    with pytest.raises(TopKOutOfRange):
        LIMITS.check_image_search("", top_k)


@pytest.mark.parametrize("weight", [-0.1, 1.01, float("nan"), float("inf")])
def test_a_weight_that_is_no_share_is_refused(weight: float) -> None:
    with pytest.raises(PictureWeightOutOfRange, match="from 0"):
        LIMITS.check_image_search("", 1, picture_weight=weight)
    with pytest.raises(PictureWeightOutOfRange):
        LIMITS.check_search("", 1, like=3, picture_weight=weight)


def test_ids_are_taken_once_and_counted_then() -> None:
    limits = RequestLimits(top_k_max=3, heatmaps_max=1)
    assert limits.check_explain("red", [5, 5, 4, 5]).ids == (5, 4)
    with pytest.raises(IdsOutOfRange, match="1 can be explained at once with heatmaps"):
        limits.check_explain("red", [5, 4], heatmap=True)
    with pytest.raises(IdsOutOfRange):
        limits.check_explain("red", [])


@pytest.mark.parametrize(
    ("query", "wanted", "unwanted"),
    [
        ("a boat -sunset", "a boat", ["sunset"]),
        ("-sunset a boat", "a boat", ["sunset"]),
        ("a boat –sunset −night", "a boat", ["sunset", "night"]),
        ("a boat -'red house' -\"blue sky\"", "a boat", ["red house", "blue sky"]),
        ("a boat -red -red", "a boat", ["red"]),
        ("a t-shirt - 8-bit", "a t-shirt - 8-bit", []),
        ("-sunset", "", ["sunset"]),
        ("a boat -sunset, -night.", "a boat", ["sunset", "night"]),
        ("-5 degrees", "-5 degrees", []),
        ("an iphone -12", "an iphone -12", []),
        ("show me a beach without people, please", "a beach", ["people"]),
        ("a boat -red without red", "a boat", ["red"]),
        ("without people", "", ["people"]),
        ("लाल नाव -रात", "लाल नाव", ["रात"]),
        ("  a   boat ", "a boat", []),
        ("", "", []),
    ],
)
def test_minus_words_are_what_a_query_wants_left_out(query: str, wanted: str, unwanted: list[str]) -> None:
    parsed = parse_query(query)
    assert (parsed.wanted.text, [phrase.text for phrase in parsed.unwanted]) == (wanted, unwanted)


@pytest.mark.parametrize(
    ("query", "wanted", "quoted"),
    [
        ('"red boat" on the sea', "red boat on the sea", ["red boat"]),
        ("a “red  boat” and «a cat»", "a red boat and a cat", ["red boat", "a cat"]),
        ("a 'red boat' and the dogs' cats", "a red boat and the dogs' cats", ["red boat"]),
        ('"no dogs without -owners, please"', "no dogs without -owners, please", ["no dogs without -owners, please"]),
        ('"show me" "the way"', "show me the way", ["show me", "the way"]),
        ('a "red boat', 'a "red boat', []),
        ('a 5" x 7" print', 'a 5" x 7" print', []),
        ("rock 'n' roll", "rock 'n' roll", []),
        ('a boat without "red sails"', "a boat", []),
    ],
)
def test_quotation_marks_keep_a_phrase_whole(query: str, wanted: str, quoted: list[str]) -> None:
    parsed = parse_query(query)
    assert (parsed.wanted.text, list(parsed.quoted)) == (wanted, quoted)


def test_a_query_that_only_denies_is_refused_as_one_of_minus_words_alone() -> None:
    with pytest.raises(QueryEmpty, match="only leaves things out"):
        LIMITS.check_search("without people", 1)
    assert LIMITS.check_search("without people", 1, like=3).query.unwanted[0].text == "people"


def test_a_query_that_was_read_to_its_end_is_not_cut() -> None:
    parsed = parse_query('a "red boat" -sunset')
    assert parsed.cut_to("a red boat", ["sunset"]) is parsed
    assert parsed.part_read is None


def test_what_was_not_read_of_a_query_is_left_out_of_it() -> None:
    parsed = parse_query('a "red boat" by "the sea" -sunset -"grey clouds over land"').cut_to(
        "a red boat by", ["sunset", "grey clouds"]
    )
    assert parsed.wanted.words == ("red", "boat")
    assert parsed.quoted == ("red boat",)
    assert parsed.part_read == 'a red boat by -sunset -"grey clouds"'
