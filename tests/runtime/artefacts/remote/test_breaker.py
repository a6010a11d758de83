"""The circuit breaker: open after failures in a row, one probe after each cool-down, over a clock that the test turns."""

import threading

import pytest

from runtime.artefacts.remote.breaker import Breaker


class Clock:
    """A time that stands still until it is turned."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(max_failures=3, cool_down_s=30.0, clock=clock)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        breaker.failed()
    return breaker


def test_it_opens_at_the_last_failure_of_so_many_in_a_row_and_says_so_once(breaker: Breaker) -> None:
    assert [breaker.failed(), breaker.failed(), breaker.admits()] == [None, None, True]
    assert breaker.failed() == 30.0
    assert not breaker.admits()
    assert breaker.failed() is None


def test_a_success_between_starts_the_count_anew(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    assert not breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert breaker.admits()


def test_after_the_cool_down_one_probe_is_admitted_and_no_other(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += 29.9
    assert not breaker.admits()
    clock.now_s += 0.1
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_of_many_threads_one_probes(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += 30
    admitted: list[bool] = []
    threads = [threading.Thread(target=lambda: admitted.append(breaker.admits())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert admitted.count(True) == 1


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += 30
    breaker.admits()
    assert breaker.succeeded()
    assert [breaker.admits(), breaker.failed(), breaker.admits()] == [True, None, True]


def test_each_probe_that_fails_doubles_the_cool_down_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    cool_downs = []
    for _ in range(7):
        start_s = clock.now_s
        while not breaker.admits():
            clock.now_s += 15
        cool_downs.append(clock.now_s - start_s)
        assert breaker.failed() is None
    assert cool_downs == [30, 60, 120, 240, 480, 600, 600]


def test_closed_again_it_begins_with_the_first_cool_down(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += 30
    breaker.admits()
    breaker.failed()
    clock.now_s += 60
    breaker.admits()
    breaker.succeeded()
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [None, None, 30.0]


def test_a_known_rest_opens_it_at_once_for_as_long(breaker: Breaker, clock: Clock) -> None:
    assert breaker.failed(rest_s=7.0) == 7.0
    clock.now_s += 6.9
    assert not breaker.admits()
    clock.now_s += 0.1
    assert breaker.admits()
    breaker.failed(rest_s=3600.0)
    clock.now_s += 3599
    assert not breaker.admits()


def test_searches_from_before_it_opened_neither_close_it_nor_prolong_it(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    assert not breaker.succeeded()
    breaker.failed()
    assert not breaker.admits()
    clock.now_s += 30
    assert breaker.admits()


def test_a_probe_that_never_reports_is_followed_by_another(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += 30
    assert breaker.admits()
    clock.now_s += 30
    assert breaker.admits()


def test_if_nothing_else_is_said_five_failures_open_it_for_half_a_minute(clock: Clock) -> None:
    breaker = Breaker(clock=clock)
    assert [breaker.failed() for _ in range(5)] == [None, None, None, None, 30.0]
    clock.now_s += 29.9
    assert not breaker.admits()
    clock.now_s += 0.1
    assert breaker.admits()
