"""Texts that wait at the same time share a run, and none gets another's vector or error."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.models.batching import MAX_PADDING_TOKENS, RUN_TOKENS_MAX, BatchingEncoder, MicroBatcher
from tests.runtime.conftest import SharingEncoder

PAD, END, BAD = 0, 9, 666
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


def embed_while_busy(tower: Tower, batcher: MicroBatcher, *asked: NDArray[np.int64]) -> list["Future[NDArray[np.float32]]"]:
    """Ask while the tower runs something else, each after the one before has got in line; then let it go on."""
    with ThreadPoolExecutor(max_workers=len(asked) + 1) as pool:
        first = pool.submit(batcher.embed, text(1))
        assert tower.begun.wait(LIMIT_S)
        futures = [_in_line(pool, batcher, number, token_ids) for number, token_ids in enumerate(asked, start=1)]
        tower.go_on.set()
        assert first.result(LIMIT_S).tolist() == [[1]]
    return futures


def _in_line(
    pool: ThreadPoolExecutor, batcher: MicroBatcher, place: int, token_ids: NDArray[np.int64]
) -> "Future[NDArray[np.float32]]":
    future = pool.submit(batcher.embed, token_ids)
    _until(lambda: batcher.waiting == place)
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


def test_a_call_that_finds_a_worker_free_runs_at_once_and_alone(tower: Tower) -> None:
    tower.go_on.set()
    batcher = MicroBatcher(tower.run, PAD)
    asked = text(3, 4)
    assert batcher.embed(asked).tolist() == [[7]]
    assert tower.batches[0] is asked, "its very tokens, not a copy that a batch was made of"


def test_calls_that_wait_share_the_next_run_and_each_gets_its_own_vector(tower: Tower) -> None:
    answers = embed_while_busy(tower, MicroBatcher(tower.run, PAD), text(2), text(3, 3), text(4, 4, 4))
    assert [future.result().tolist() for future in answers] == [[[2]], [[6]], [[12]]]
    assert [batch.shape for batch in tower.batches] == [(1, 2), (3, 4)]
    assert tower.batches[1][0].tolist() == [2, END, PAD, PAD], "padded as the tokenizer pads"


def test_calls_of_several_texts_keep_them_together(tower: Tower) -> None:
    words = np.array([[5, END], [6, END]], dtype=np.int64)
    answers = embed_while_busy(tower, MicroBatcher(tower.run, PAD), text(2), words, text(3))
    assert [future.result().tolist() for future in answers] == [[[2]], [[5], [6]], [[3]]]


def test_a_long_text_does_not_stretch_the_short_ones(tower: Tower) -> None:
    long = text(*[1] * (2 + MAX_PADDING_TOKENS))
    answers = embed_while_busy(tower, MicroBatcher(tower.run, PAD), text(2), long, text(3))
    assert [future.result().tolist() for future in answers] == [[[2]], [[2 + MAX_PADDING_TOKENS]], [[3]]]
    assert [len(batch) for batch in tower.batches] == [1, 2, 1]


@pytest.mark.parametrize("words", [1, 7, 63])
def test_a_run_has_no_more_tokens_than_pay(tower: Tower, words: int) -> None:
    rows = RUN_TOKENS_MAX // (words + 1)
    texts = [text(*[number] * words) for number in range(10, 12 + rows)]
    answers = embed_while_busy(tower, MicroBatcher(tower.run, PAD), *texts)
    assert [future.result().tolist() for future in answers] == [[[number * words]] for number in range(10, 12 + rows)]
    assert [len(batch) for batch in tower.batches] == [1, rows, 2]


def test_padding_counts_among_the_tokens_of_a_run(tower: Tower) -> None:
    short, longer = 1, 1 + MAX_PADDING_TOKENS
    rows = RUN_TOKENS_MAX // (longer + 1)
    texts = [text(*[1] * short), *[text(*[1] * longer) for _ in range(rows)]]
    for future in embed_while_busy(tower, MicroBatcher(tower.run, PAD), *texts):
        future.result()
    assert [batch.shape for batch in tower.batches] == [(1, 2), (rows, longer + 1), (1, longer + 1)]


def test_a_request_of_more_tokens_than_pay_runs_alone_and_whole(tower: Tower) -> None:
    many = np.full((4, RUN_TOKENS_MAX // 2), 1, dtype=np.int64)
    answers = embed_while_busy(tower, MicroBatcher(tower.run, PAD), many, text(3))
    assert [len(future.result()) for future in answers] == [4, 1]
    assert [batch.shape for batch in tower.batches] == [(1, 2), many.shape, (1, 2)]


def test_a_fault_reaches_the_call_that_it_belongs_to_and_no_other(tower: Tower) -> None:
    good, bad, other = embed_while_busy(tower, MicroBatcher(tower.run, PAD), text(2), text(BAD), text(3))
    assert (good.result().tolist(), other.result().tolist()) == ([[2]], [[3]])
    with pytest.raises(ValueError, match="a bad token"):
        bad.result()


def test_after_a_fault_the_worker_is_free_again(tower: Tower) -> None:
    tower.go_on.set()
    batcher = MicroBatcher(tower.run, PAD)
    with pytest.raises(ValueError, match="a bad token"):
        batcher.embed(text(BAD))
    assert batcher.embed(text(3)).tolist() == [[3]]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_runs_are_under_way_than_there_are_workers(tower: Tower, workers: int) -> None:
    tower.go_on.set()
    batcher = MicroBatcher(tower.run, PAD, workers=workers)
    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = list(pool.map(batcher.embed, (text(number) for number in range(10, 410))))
    assert [answer.tolist() for answer in answers] == [[[number]] for number in range(10, 410)]
    assert 1 <= tower.most_under_way <= workers
    assert batcher.waiting == 0


def test_while_every_worker_is_busy_a_text_and_its_forms_are_two_runs_that_others_share(tower: Tower) -> None:
    encoder = SharingEncoder()
    encoder.embed_tokens = tower.run  # type: ignore[method-assign]  # a run that lasts until it may go on
    batching = BatchingEncoder(encoder, cache_size=10)
    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(batching.embed_tokens, text(1))
        assert tower.begun.wait(LIMIT_S)
        both = pool.submit(batching.embed_with_shortened, text(2, 3), np.array([[2, END], [3, END]]))
        _until(lambda: batching._batcher.waiting == 1)
        tower.go_on.set()
        assert first.result(LIMIT_S).tolist() == [[1]]
        assert both.result(LIMIT_S).tolist() == [[5], [2], [3]]
    assert [len(batch) for batch in tower.batches] == [1, 1, 2]


def test_a_run_that_no_other_shares_waits_for_a_worker_and_takes_none_along(tower: Tower) -> None:
    batcher = MicroBatcher(tower.run, PAD)

    def with_forms(token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.concatenate([tower.run(token_ids), tower.run(text(7))])

    with ThreadPoolExecutor(max_workers=4) as pool:
        first = pool.submit(batcher.embed, text(1))
        assert tower.begun.wait(LIMIT_S)
        before = _in_line(pool, batcher, 1, text(2))
        alone = pool.submit(batcher.embed, text(3), alone=with_forms)
        _until(lambda: batcher.waiting == 2)
        behind = _in_line(pool, batcher, 3, text(4))
        tower.go_on.set()
        assert first.result(LIMIT_S).tolist() == [[1]]
    assert [before.result().tolist(), alone.result().tolist(), behind.result().tolist()] == [[[2]], [[3], [7]], [[4]]]
    assert [batch[:, 0].tolist() for batch in tower.batches] == [[1], [2, 4], [3], [7]]
