"""The log: a line of a kind once in ten seconds, with the number of the others; no query in any line."""

import io
import logging
from collections.abc import Callable

import pytest

from runtime.web.log.limit import KINDS_MAX, PERIOD_S, LimitedHandler
from runtime.web.log.opening import TEXT_FORM


class Log:
    """A logger over a limited handler whose time a test sets."""

    def __init__(self) -> None:
        self.now_s, self.due = 0.0, list[Callable[[], None]]()
        self.handler = LimitedHandler(clock=lambda: self.now_s, call_later=lambda _seconds, call: self.due.append(call))
        self.handler.setFormatter(logging.Formatter(TEXT_FORM))
        self.handler.setStream(io.StringIO())
        self.logger = logging.Logger("web")
        self.logger.addHandler(self.handler)

    def end_period(self) -> None:
        self.now_s += PERIOD_S
        due, self.due = self.due, []
        for call in due:
            call()

    @property
    def lines(self) -> list[str]:
        written: str = self.handler.stream.getvalue()
        return written.splitlines()


@pytest.fixture
def log() -> Log:
    return Log()


def test_lines_of_a_kind_are_counted_and_told_at_the_end_of_their_period(log: Log) -> None:
    for at in range(2000):
        log.logger.warning("picture %d is gone", at)
    log.logger.warning("another kind")
    log.end_period()
    assert log.lines == [
        "WARNING web: picture 0 is gone",
        "WARNING web: another kind",
        "WARNING web: picture 1999 is gone (1,999 more such lines were left out)",
    ]


def test_a_flood_that_goes_on_is_one_line_a_period(log: Log) -> None:
    for _ in range(6):
        for at in range(100):
            log.logger.warning("picture %d is gone", at)
        log.end_period()
    assert len(log.lines) == 1 + 6


def test_lines_that_come_seldom_are_all_written_as_they_are(log: Log) -> None:
    for at in range(3):
        log.logger.warning("picture %d is gone", at)
        log.end_period()
    assert log.lines == [f"WARNING web: picture {at} is gone" for at in range(3)]


def test_errors_of_other_types_are_other_kinds_and_a_traceback_is_written_once(log: Log) -> None:
    for error in [ValueError("a"), ValueError("b"), KeyError("c")]:
        log.logger.error("%s", error)
        try:
            raise error
        except (ValueError, KeyError):
            log.logger.exception("failed")
    log.handler.close()
    text = "\n".join(log.lines)
    assert text.count("Traceback") == 2
    assert "b (1 more such lines" in text
    assert "failed (1 more such lines" in text


def test_kinds_that_never_end_become_one(log: Log) -> None:
    for at in range(10 * KINDS_MAX):
        log.logger.warning(f"kind {at}")
    assert len(log.lines) <= KINDS_MAX + 1


def test_the_last_lines_are_told_when_the_process_ends(log: Log) -> None:
    log.logger.warning("gone")
    log.logger.warning("gone")
    log.handler.close()
    assert log.lines[-1] == "WARNING web: gone (1 more such lines were left out)"
