"""Waiting for an engine that tells of no end: it ends with what is waited for, or once nothing has changed for long."""

import io
from collections.abc import Iterable

import pytest
from rich.console import Console

from export.cluster.load.errors import LoadRefused
from export.cluster.load.milvus_waits import STILL_MAX_S, wait_for


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def wait(self, found: Iterable[tuple[int, int]], every_s: float) -> str:
        """Wait for what is found one time after another, every so many seconds; return what was shown."""
        looks, console = iter(found), Console(file=io.StringIO(), width=200)

        def sleep(_seconds: float) -> None:
            self.now_s += every_s

        wait_for("milvus://here/photos", "Indexing", lambda: next(looks), console, clock=lambda: self.now_s, sleep=sleep)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()


def test_it_ends_once_all_is_done_and_shows_how_far_it_is() -> None:
    time = Time()
    shown = time.wait([(0, 100), (50, 100), (100, 100)], every_s=1)
    assert time.now_s == 2
    assert "Indexing" in shown
    assert "100/100" in shown


def test_there_may_be_nothing_to_wait_for() -> None:
    assert Time().wait([(0, 0)], every_s=1).strip() == ""


def test_it_goes_on_for_as_long_as_anything_changes() -> None:
    time = Time()
    found = [(count, 1_000) for count in (*range(0, 900, 100), 500, *range(600, 1_001, 100))]
    time.wait(found, every_s=STILL_MAX_S - 1)
    assert time.now_s > 10 * STILL_MAX_S


def test_it_gives_up_once_nothing_has_changed_for_long() -> None:
    time = Time()
    with pytest.raises(LoadRefused, match=r"Indexing stands at 300 of 1,000 for 30 minutes now.*it goes on from here"):
        time.wait([(300, 1_000)] * 100, every_s=STILL_MAX_S / 10)
    assert time.now_s == pytest.approx(STILL_MAX_S)
