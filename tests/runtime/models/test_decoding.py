"""Searches over logits that are made up: who goes on, who leaves. tests/export compares captions with transformers'."""

import numpy as np
import pytest

from runtime.models.beam_search import BeamSearch
from runtime.models.decoding import DecodingRules, DecodingStrategy, GreedySearch, cut_padding, fill_gaps

START, END, PAD = 9, 1, 0
VOCABULARY = 10


def rules(**given: object) -> DecodingRules:
    return DecodingRules(START, END, PAD, **{"max_tokens": 6} | given)  # type: ignore[arg-type]


def says(*tokens: int) -> np.ndarray:
    """Logits, a row for each token, in which it is by far the likeliest, and the end never among the best."""
    logits = np.tile(np.linspace(0, 1, VOCABULARY, dtype=np.float32), (len(tokens), 1))
    logits[:, END] = -50
    logits[np.arange(len(tokens)), tokens] = 20
    return logits


@pytest.mark.parametrize(
    ("goes_on", "places"),
    [
        ([True, True], [0, 1]),
        ([False, False], []),
        ([True, False, True, True], [0, 3, 2]),
        ([False, True, False, True, True], [4, 1, 3]),
        ([False, False, True], [2]),
    ],
)
def test_gaps_are_filled_from_behind_and_nothing_else_moves(goes_on: list[bool], places: list[int]) -> None:
    assert fill_gaps(np.array(goes_on)).tolist() == places


def test_padding_inside_a_caption_stays() -> None:
    assert cut_padding(np.array([[5, 0, 6, 0], [0, 0, 0, 0]]), 0).tolist() == [[5, 0, 6], [0, 0, 0]]
    assert cut_padding(np.zeros((2, 3), np.int64), 0).shape == (2, 0)


def test_greedily_a_picture_leaves_at_its_end_and_the_last_takes_its_place() -> None:
    search = GreedySearch(rules(), 3)
    assert search.last_tokens.tolist() == [START] * 3
    assert search.advance(says(5, 6, 7)).rows.tolist() == [0, 1, 2]
    kept = search.advance(says(END, 5, 8))
    assert (kept.rows.tolist(), kept.pictures.tolist()) == ([2, 1], [2, 1])
    assert search.last_tokens.tolist() == [8, 5]
    search.advance(says(END, END))
    assert len(search.last_tokens) == 0
    assert search.captions().tolist() == [[5, 0], [6, 5], [7, 8]]


@pytest.mark.parametrize("num_beams", [1, 3])
def test_no_caption_is_longer_than_max_tokens(num_beams: int) -> None:
    search: DecodingStrategy = GreedySearch(rules(), 2) if num_beams == 1 else BeamSearch(rules(num_beams=num_beams), 2)
    steps = 0
    while rows := len(search.last_tokens):
        search.advance(says(*[5] * rows))
        steps += 1
    assert steps == 6
    assert search.captions().tolist() == [[5] * 6] * 2


def test_beams_are_rows_of_the_picture_that_they_belong_to() -> None:
    search = BeamSearch(rules(num_beams=2, early_stopping=True), 3)
    kept = search.advance(says(5, 6, 7))
    assert kept.rows.tolist() == [0, 0, 1, 1, 2, 2], "all beams begin as one"
    ends = says(5, 5, 6, 6, 7, 7)
    ends[:2, END] = 19  # both beams of the first picture may end
    kept = search.advance(ends)
    assert kept.pictures.tolist() == [0, 1, 2], "one finished caption is not yet two"
    ends = says(5, 5, 6, 6, 7, 7)
    ends[:2, END] = 30
    kept = search.advance(ends)
    assert kept.pictures.tolist() == [2, 1]
    assert all(row // 2 == picture for row, picture in zip(kept.rows, [2, 2, 1, 1], strict=True))
    assert len(search.last_tokens) == 4


def test_a_shorter_caption_wins_where_length_is_punished() -> None:
    def caption(length_penalty: float) -> list[int]:
        search = BeamSearch(rules(num_beams=2, length_penalty=length_penalty, early_stopping="never"), 1)
        while rows := len(search.last_tokens):
            logits = says(*[5] * rows)
            logits[:, END] = 20.5  # a little likelier each time than to go on
            search.advance(logits)
        found: list[int] = search.captions()[0].tolist()
        return found

    assert caption(-2.0) == []
    assert len(caption(4.0)) > 0
