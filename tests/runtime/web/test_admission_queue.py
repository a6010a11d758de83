"""The queue by itself: slots in order, the time to come back, those who give up."""

import pytest

from runtime.errors import Overloaded
from runtime.web.admission import AdmissionQueue
from tests.runtime.web.slow_requests import run


def test_a_request_that_finds_a_free_slot_does_not_wait() -> None:
    queue = AdmissionQueue(2, 0)  # outside any event loop, as on Lambda before a request
    assert (queue.enter(), queue.enter()) == (None, None)


def test_waiting_requests_get_a_slot_in_order() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 2)
        assert queue.enter() is None
        first, second = queue.enter(), queue.enter()
        assert first is not None
        assert second is not None
        queue.leave(0.1)
        assert (first.done(), second.done(), queue.waiting) == (True, False, 1)
        queue.leave(0.1)
        assert second.done()
        queue.leave(0.1)
        assert queue.enter() is None

    run(story)


def test_a_request_over_the_limit_is_refused_and_told_how_long_the_queue_takes() -> None:
    async def story() -> None:
        queue = AdmissionQueue(2, 8)
        for _ in range(2 + 8):
            queue.enter()
        queue.leave(3.0)
        queue.enter()
        with pytest.raises(Overloaded) as refused:
            queue.enter()
        assert (refused.value.waiting, refused.value.retry_s) == (8, 12)  # 8 waiting, 2 at once, 3 s each

    run(story)


def test_the_newest_search_counts_for_a_tenth_of_the_time_that_is_told() -> None:
    async def story() -> None:
        queue = AdmissionQueue(2, 8)
        for _ in range(2 + 8):
            queue.enter()
        for spent_s in (3.0, 14.0):  # a mean of 3 s, then of 4.1 s
            queue.leave(spent_s)
            queue.enter()
        with pytest.raises(Overloaded) as refused:
            queue.enter()
        assert refused.value.retry_s == 17  # 8 waiting, 2 at once, 4.1 s each: 16.4 s

    run(story)


def test_before_any_search_has_ended_a_second_is_told() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 0)
        queue.enter()
        with pytest.raises(Overloaded, match="Try again in 1 s"):
            queue.enter()

    run(story)


@pytest.mark.parametrize(("spent_s", "retry_s"), [(0.001, 1), (59.1, 60), (1000.0, 60)])
def test_the_time_to_come_back_is_a_whole_number_of_seconds_within_reason(spent_s: float, retry_s: int) -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 1)
        queue.enter()
        queue.enter()
        queue.leave(spent_s)
        queue.enter()
        with pytest.raises(Overloaded, match=f"Try again in {retry_s} s"):
            queue.enter()

    run(story)


def test_a_request_that_leaves_the_queue_delays_no_other() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 2)
        queue.enter()
        leaving, staying = queue.enter(), queue.enter()
        assert leaving is not None
        assert staying is not None
        queue.give_up(leaving)
        queue.leave(0.1)
        assert staying.done()

    run(story)


def test_a_slot_given_to_a_request_that_left_goes_to_the_next() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 2)
        queue.enter()
        left, staying = queue.enter(), queue.enter()
        assert left is not None
        assert staying is not None
        queue.leave(0.1)
        queue.give_up(left)
        assert staying.done()

    run(story)
