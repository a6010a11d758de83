"""What is asked: limits, and the direction that words, minus-words and a picture make together."""

import numpy as np
import pytest

from runtime.errors import IdsOutOfRange, PictureWeightOutOfRange, QueryEmpty
from runtime.search.query import Asked, Limits, check_picture_weight, check_wanted, checked_ids
from runtime.search.words import Wish, read_wish

BOAT, SUNSET, PICTURE = np.eye(4, dtype=np.float32)[:3]


def test_words_alone_look_where_their_vector_points() -> None:
    asked = Asked("a boat", Wish("a boat"), BOAT)
    assert asked.is_plain
    assert np.array_equal(asked.direction(), BOAT)
    assert asked.scores(np.stack([BOAT, SUNSET])) == pytest.approx([1, 0])


def test_minus_words_turn_the_direction_away_and_leave_the_score_alone() -> None:
    asked = Asked("a boat -sunset", read_wish("a boat -sunset"), BOAT, (SUNSET,))
    assert not asked.is_plain
    assert asked.direction() @ SUNSET < 0 < asked.direction() @ BOAT
    assert np.linalg.norm(asked.direction()) == pytest.approx(1)
    assert asked.scores(np.stack([BOAT, SUNSET])) == pytest.approx([1, 0])


def test_a_picture_without_words_is_the_whole_direction_whatever_its_weight() -> None:
    asked = Asked("", Wish(""), None, (), PICTURE, picture_weight=0.1)
    assert not asked.is_mixed
    assert np.array_equal(asked.direction(), PICTURE)
    assert asked.scores(np.stack([PICTURE])) == pytest.approx([1])


def test_a_picture_with_minus_words_alone_is_turned_away_from_them() -> None:
    asked = Asked("-sunset", read_wish("-sunset"), None, (SUNSET,), PICTURE)
    assert asked.direction() @ SUNSET < 0 < asked.direction() @ PICTURE


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_in_a_mix_each_part_counts_by_its_weight(weight: float) -> None:
    asked = Asked("a boat", Wish("a boat"), BOAT, (), PICTURE, weight)
    wanted = np.array([1 - weight, 0, weight, 0]) / np.hypot(1 - weight, weight)
    assert asked.direction() == pytest.approx(wanted)
    assert asked.scores(np.stack([BOAT, PICTURE])) == pytest.approx([1 - weight, weight])


def test_in_a_mix_the_part_whose_cosines_spread_less_is_not_drowned() -> None:
    rng = np.random.default_rng(0)
    library = rng.standard_normal((200, 4)) * [0.02, 0.1, 0.5, 0.1]  # hardly a difference along the words
    asked = Asked("a boat", Wish("a boat"), BOAT, (), PICTURE, 0.5)
    spreads = [float((library @ part).std()) for part in (BOAT, PICTURE)]
    direction = asked.direction(library.astype(np.float32))
    assert direction[0] / direction[2] == pytest.approx(spreads[1] / spreads[0], rel=1e-3)


@pytest.mark.parametrize("query", ["", "-sunset", '-"a red boat" -night'])
def test_words_that_name_nothing_to_look_for_are_refused(query: str) -> None:
    with pytest.raises(QueryEmpty, match="only leaves things out"):
        check_wanted(read_wish(query))


@pytest.mark.parametrize("weight", [-0.1, 1.01, float("nan"), float("inf")])
def test_a_weight_that_is_no_share_is_refused(weight: float) -> None:
    with pytest.raises(PictureWeightOutOfRange, match="from 0"):
        check_picture_weight(weight)


def test_ids_are_taken_once_and_counted_then() -> None:
    limits = Limits(top_k_max=3, heatmaps_max=1)
    assert checked_ids([5, 5, 4, 5], limits, heatmap=False) == [5, 4]
    with pytest.raises(IdsOutOfRange, match="1 can be explained at once with heatmaps"):
        checked_ids([5, 4], limits, heatmap=True)
    with pytest.raises(IdsOutOfRange):
        checked_ids([], limits, heatmap=False)
