"""Calls of an engine: deadlines, tries with random waits, one fault for all, and the breaker, over a played clock."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from runtime.errors import RemoteRefused
from runtime.library.remote.faults import StoreUnavailable
from runtime.stores.remote_calls import CallLimits, RemoteCalls


class AwayError(Exception):
    """The engine is away."""


class RefusedError(AwayError):
    """The engine refuses."""


class PlayedTime:
    """A clock that only waiting and slow calls move."""

    def __init__(self) -> None:
        self.now_s, self.waits = 100.0, list[float]()

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


LIMITS = CallLimits(deadline_s=4, try_s=2, tries=4, first_wait_s=0.1, longest_wait_s=0.3)


@pytest.fixture
def time() -> PlayedTime:
    return PlayedTime()


@pytest.fixture
def calls(time: PlayedTime) -> RemoteCalls:
    def is_passing(error: Exception) -> bool:
        return not isinstance(error, RefusedError)

    return RemoteCalls("milvus://x:1/a", (AwayError,), is_passing, limits=LIMITS, clock=time.clock, sleep=time.sleep)


def failing(times: int, error: Exception, spent: Callable[[], object] = lambda: None) -> Callable[[float], str]:
    left = iter(range(times))

    def ask(_: float) -> str:
        spent()
        if next(left, None) is not None:
            raise error
        return "answer"

    return ask


def test_a_call_that_fails_for_a_moment_is_tried_again_after_random_waits(calls: RemoteCalls, time: PlayedTime) -> None:
    assert calls.run(failing(3, AwayError("gone"))) == "answer"
    assert len(time.waits) == 3
    assert all(0 <= wait <= most for wait, most in zip(time.waits, (0.1, 0.2, 0.3), strict=True))


def test_after_all_tries_it_is_unavailable_and_says_when_to_ask_again(calls: RemoteCalls) -> None:
    with pytest.raises(StoreUnavailable, match=r"milvus://x:1/a cannot be used: .*gone.* Try again in 1 s\.") as raised:
        calls.run(failing(4, AwayError("gone\nwith a second line")))
    assert raised.value.retry_s == 1
    assert "second" not in str(raised.value)
    assert isinstance(raised.value.__cause__, AwayError)


def test_no_try_is_given_more_time_than_the_deadline_leaves(calls: RemoteCalls, time: PlayedTime) -> None:
    given = list[float]()

    def ask(timeout_s: float) -> str:
        given.append(timeout_s)
        time.now_s += timeout_s
        raise AwayError

    with pytest.raises(StoreUnavailable):
        calls.run(ask)
    assert given[0] == 2
    assert sum(given) + sum(time.waits) <= LIMITS.deadline_s + 1e-9
    assert 2 <= len(given) < LIMITS.tries


def test_what_is_refused_is_not_tried_again(calls: RemoteCalls, time: PlayedTime) -> None:
    with pytest.raises(RemoteRefused, match="no such field") as raised:
        calls.run(failing(9, RefusedError("no such field")))
    assert not isinstance(raised.value, StoreUnavailable)
    assert time.waits == []


def test_a_mistake_of_ours_passes_as_it_is(calls: RemoteCalls) -> None:
    with pytest.raises(KeyError):
        calls.run(failing(1, KeyError("x")))


def test_calls_that_are_given_up_in_a_row_spare_the_next_the_wait(
    calls: RemoteCalls, time: PlayedTime, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            calls.run(failing(4, AwayError("gone")))
    asked = list[float]()
    with pytest.raises(StoreUnavailable, match="for some time now"):
        calls.run(asked.append)
    assert asked == []
    time.now_s += 1
    assert calls.run(failing(0, AwayError())) == "answer"
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "answers again" in caplog.text
    assert calls.run(failing(0, AwayError())) == "answer"


def test_an_engine_that_stays_away_is_asked_again_within_seconds(calls: RemoteCalls, time: PlayedTime) -> None:
    asked_at = list[float]()

    def ask(_: float) -> str:
        asked_at.append(time.now_s)
        raise AwayError

    while time.now_s < 200:
        with pytest.raises(StoreUnavailable):
            calls.run(ask)
        time.now_s += 0.1
    assert max(later - before for before, later in pairwise(asked_at)) < 5
