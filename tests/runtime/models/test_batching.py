"""Calls that meet share a run: none waits for company, none gets another's vector or another's fault."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.models.batching import MAX_PADDING_TOKENS, MAX_ROWS, Meeting

END, BAD = 9, 666
LIMIT_S = 120


class Tower:
    """Embeds a text as the sum of its tokens before the end, when it may; refuses batches that hold a bad token."""

    def __init__(self) -> None:
        self.batches: list[NDArray[np.int64]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.under_way = self.most_under_way = 0
        self._lock = threading.Lock()

    def run(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        with self._lock:
            self.batches.append(token_ids)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        self.begun.set()
        assert self.go_on.wait(LIMIT_S)
        with self._lock:
            self.under_way -= 1
        if (token_ids == BAD).any():
            raise ValueError("a bad token")
        sums: NDArray[np.float32] = np.where(token_ids == END, 0, token_ids).sum(axis=1, keepdims=True).astype(np.float32)
        return sums


def text(*tokens: int) -> NDArray[np.int64]:
    return np.array([[*tokens, END]], dtype=np.int64)


def embed_while_busy(tower: Tower, meeting: Meeting, *asked: NDArray[np.int64]) -> list["Future[NDArray[np.float32]]"]:
    """Ask while the tower runs something else, each after the one before has got in line; then let it go on."""
    with ThreadPoolExecutor(max_workers=len(asked) + 1) as pool:
        first = pool.submit(meeting.embed, text(1))
        assert tower.begun.wait(LIMIT_S)
        futures = [_in_line(pool, meeting, number, token_ids) for number, token_ids in enumerate(asked, start=1)]
        tower.go_on.set()
        assert first.result(LIMIT_S).tolist() == [[1]]
    return futures


def _in_line(
    pool: ThreadPoolExecutor, meeting: Meeting, place: int, token_ids: NDArray[np.int64]
) -> "Future[NDArray[np.float32]]":
    future = pool.submit(meeting.embed, token_ids)
    _until(lambda: meeting.waiting == place)
    return future


def _until(holds: Callable[[], bool]) -> None:
    moment = threading.Event()
    for _ in range(LIMIT_S * 1000):
        if holds():
            return
        moment.wait(0.001)
    pytest.fail("it never held")


@pytest.fixture
def tower() -> Tower:
    return Tower()


def test_a_call_that_meets_nobody_runs_at_once_and_alone(tower: Tower) -> None:
    tower.go_on.set()
    meeting = Meeting(tower.run)
    asked = text(3, 4)
    assert meeting.embed(asked).tolist() == [[7]]
    assert tower.batches[0] is asked, "its very tokens, not a copy that a batch was made of"


def test_those_that_come_meanwhile_share_the_next_run_and_each_gets_its_own(tower: Tower) -> None:
    answers = embed_while_busy(tower, Meeting(tower.run), text(2), text(3, 3), text(4, 4, 4))
    assert [future.result().tolist() for future in answers] == [[[2]], [[6]], [[12]]]
    assert [batch.shape for batch in tower.batches] == [(1, 2), (3, 4)]
    assert tower.batches[1][0].tolist() == [2, END, END, END], "padded as the tokenizer pads"


def test_calls_of_several_texts_keep_them_together(tower: Tower) -> None:
    words = np.array([[5, END], [6, END]], dtype=np.int64)
    answers = embed_while_busy(tower, Meeting(tower.run), text(2), words, text(3))
    assert [future.result().tolist() for future in answers] == [[[2]], [[5], [6]], [[3]]]


def test_a_long_text_does_not_stretch_the_short_ones(tower: Tower) -> None:
    long = text(*[1] * (2 + MAX_PADDING_TOKENS))
    answers = embed_while_busy(tower, Meeting(tower.run), text(2), long, text(3))
    assert [future.result().tolist() for future in answers] == [[[2]], [[2 + MAX_PADDING_TOKENS]], [[3]]]
    assert [len(batch) for batch in tower.batches] == [1, 2, 1]


def test_a_run_takes_no_more_rows_than_pay(tower: Tower) -> None:
    answers = embed_while_busy(tower, Meeting(tower.run), *(text(number) for number in range(10, 12 + MAX_ROWS)))
    assert [future.result().tolist() for future in answers] == [[[number]] for number in range(10, 12 + MAX_ROWS)]
    assert [len(batch) for batch in tower.batches] == [1, MAX_ROWS, 2]


def test_a_fault_reaches_the_call_that_it_belongs_to_and_no_other(tower: Tower) -> None:
    good, bad, other = embed_while_busy(tower, Meeting(tower.run), text(2), text(BAD), text(3))
    assert (good.result().tolist(), other.result().tolist()) == ([[2]], [[3]])
    with pytest.raises(ValueError, match="a bad token"):
        bad.result()


def test_after_a_fault_the_lane_is_free_again(tower: Tower) -> None:
    tower.go_on.set()
    meeting = Meeting(tower.run)
    with pytest.raises(ValueError, match="a bad token"):
        meeting.embed(text(BAD))
    assert meeting.embed(text(3)).tolist() == [[3]]


@pytest.mark.parametrize("lanes", [1, 2])
def test_no_more_runs_are_under_way_than_there_are_lanes(tower: Tower, lanes: int) -> None:
    tower.go_on.set()
    meeting = Meeting(tower.run, lanes=lanes)
    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = list(pool.map(meeting.embed, (text(number) for number in range(10, 410))))
    assert [answer.tolist() for answer in answers] == [[[number]] for number in range(10, 410)]
    assert 1 <= tower.most_under_way <= lanes
    assert meeting.waiting == 0
