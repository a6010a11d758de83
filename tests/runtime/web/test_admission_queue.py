"""The turnstile: places, a queue in order, a bound, and an honest word on how long it takes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runtime.errors import Overloaded
from runtime.web.admission_queue import LONGEST_RETRY_S, Turnstile


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def test_who_finds_a_place_waits_for_nothing() -> None:
    turnstile = Turnstile(2, 0)  # outside any event loop, as on Lambda before a request
    assert (turnstile.enter(), turnstile.enter()) == (None, None)


def test_those_who_wait_get_their_turn_in_order() -> None:
    async def story() -> None:
        turnstile = Turnstile(1, 2)
        assert turnstile.enter() is None
        first, second = turnstile.enter(), turnstile.enter()
        assert first is not None
        assert second is not None
        turnstile.leave(0.1)
        assert (first.done(), second.done(), turnstile.waiting) == (True, False, 1)
        turnstile.leave(0.1)
        assert second.done()
        turnstile.leave(0.1)
        assert turnstile.enter() is None

    run(story)


def test_past_the_queue_one_is_refused_and_told_how_long_the_queue_takes() -> None:
    async def story() -> None:
        turnstile = Turnstile(2, 8)
        for _ in range(2 + 8):
            turnstile.enter()
        turnstile.leave(3.0)
        turnstile.enter()
        with pytest.raises(Overloaded) as refused:
            turnstile.enter()
        assert (refused.value.waiting, refused.value.retry_s) == (8, 12)  # 8 waiting, 2 at once, 3 s each

    run(story)


@pytest.mark.parametrize(("spent_s", "retry_s"), [(0.001, 1), (1000.0, LONGEST_RETRY_S)])
def test_the_time_to_come_back_is_a_whole_number_of_seconds_within_reason(spent_s: float, retry_s: int) -> None:
    async def story() -> None:
        turnstile = Turnstile(1, 1)
        turnstile.enter()
        turnstile.enter()
        turnstile.leave(spent_s)
        turnstile.enter()
        with pytest.raises(Overloaded, match=f"Try again in {retry_s} s"):
            turnstile.enter()

    run(story)


def test_who_leaves_the_queue_holds_nobody_up() -> None:
    async def story() -> None:
        turnstile = Turnstile(1, 2)
        turnstile.enter()
        impatient, patient = turnstile.enter(), turnstile.enter()
        assert impatient is not None
        assert patient is not None
        turnstile.give_up(impatient)
        turnstile.leave(0.1)
        assert patient.done()

    run(story)


def test_a_place_given_to_one_who_left_goes_to_the_next() -> None:
    async def story() -> None:
        turnstile = Turnstile(1, 2)
        turnstile.enter()
        left, patient = turnstile.enter(), turnstile.enter()
        assert left is not None
        assert patient is not None
        turnstile.leave(0.1)
        turnstile.give_up(left)
        assert patient.done()

    run(story)
