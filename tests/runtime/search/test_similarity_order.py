"""The order of a whole library by nearness: from any place on, among some, with equal cosines."""

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.search.similarity_order import START, STEPS, NearnessOrder, NearnessOrders, Place
from runtime.stores.flat import FlatStore

IDS = np.arange(10, 2010, 2, dtype=np.int64)  # (1000,)
NONE = np.empty(0, np.int64)


@pytest.fixture
def cosines() -> NDArray[np.float64]:
    """Many of which are equal."""
    return np.round(np.random.default_rng(1).uniform(-1, 1, IDS.size), 2)


@pytest.fixture
def order(cosines: NDArray[np.float64]) -> NearnessOrder:
    return NearnessOrder(IDS, cosines)


def test_from_place_to_place_all_come_in_the_order_of_cosines_and_ids(
    order: NearnessOrder, cosines: NDArray[np.float64]
) -> None:
    found, place = list[int](), START
    while some := order.behind(place, 37, None, NONE):
        found += some
        place = order.place_of(some[-1])
    assert found == IDS[np.lexsort((IDS, -cosines))].tolist()


def test_only_the_allowed_ones_come_without_those_left_out(order: NearnessOrder) -> None:
    allowed, left_out = IDS[::3], np.array([3, 10, 16, 99_999])
    found = order.behind(START, 5000, allowed, left_out)
    assert sorted(found) == [one for one in allowed.tolist() if one not in {10, 16}]
    assert order.behind(START, 5, NONE, NONE) == order.behind(START, 0, None, NONE) == []


def test_a_place_may_be_that_of_a_picture_which_is_not_there(order: NearnessOrder) -> None:
    whole = order.behind(START, 1000, None, NONE)
    middle = order.place_of(whole[500])
    assert order.behind(Place(middle.step, middle.id + 1), 3, None, NONE) == whole[501:504]
    assert order.behind(Place(-STEPS - 1, 0), 3, None, NONE) == []


def test_unknown_pictures_stand_behind_no_place(order: NearnessOrder) -> None:
    whole = order.behind(START, 1000, None, NONE)
    place = order.place_of(whole[500])
    assert order.are_behind([*whole[499:502], 11, 1, 10**9], place) == [False, False, True, False, False, False]
    assert NearnessOrder(NONE, np.empty(0)).are_behind([1, 2], START) == [False, False]


def test_what_is_no_number_comes_last() -> None:
    order = NearnessOrder(np.array([1, 2, 3]), np.array([np.nan, 0.5, -0.5]))
    assert order.behind(START, 3, None, NONE) == [2, 3, 1]


class CountingStore(FlatStore):
    """Counts how often all of its vectors were read."""

    read = 0

    def cosines(
        self, vector: NDArray[np.float32], *, allowed: object = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        self.read += 1
        return super().cosines(vector, allowed=allowed)


def test_the_pages_of_a_search_compare_with_all_vectors_once() -> None:
    store = CountingStore(3)
    store.add([5, 3], np.eye(3, dtype=np.float32)[:2])
    orders = NearnessOrders(store)
    for _ in range(3):
        assert orders.of(np.array([0.6, 0.8, 0], np.float32)).behind(START, 9, None, NONE) == [3, 5]
    assert store.read == 1
