"""Texts that wait at the same time share a run, and none gets another's vector or error; known texts need no run."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.models.batching import MAX_PADDING_TOKENS, RUN_TOKENS_MAX, BatchingEncoder, MicroBatcher
from tests.runtime.conftest import ColourEncoder

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


def test_the_encoder_says_what_rows_are_padded_with(encoder: ColourEncoder) -> None:
    assert BatchingEncoder(encoder, cache_size=0).pad_token_id == encoder.pad_token_id


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


def test_a_text_that_was_embedded_before_needs_no_run(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    first = batching.embed_tokens(batching.tokenize(["red"]))
    again = batching.embed_tokens(batching.tokenize(["red"]))
    assert encoder.text_batches == [1]
    np.testing.assert_array_equal(first, again)


def test_a_run_is_known_as_a_whole_so_that_no_vector_depends_on_other_runs(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    batching.embed_tokens(batching.tokenize(["red", "green"]))
    batching.embed_tokens(batching.tokenize(["red"]))
    batching.embed_tokens(batching.tokenize(["red", "green"]))
    assert encoder.text_batches == [2, 1]


class SharingEncoder(ColourEncoder):
    """Embeds a text and its shortened forms in one run."""

    shares_prefixes = True

    def embed_with_shortened(self, text: NDArray[np.int64], shortened: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.embed_tokens(np.concatenate([text, shortened]))


def test_a_text_and_its_shortened_forms_are_one_run_and_known_afterwards() -> None:
    encoder = SharingEncoder()
    batching = BatchingEncoder(encoder, cache_size=10)
    text, shortened = batching.tokenize(["red green"]), batching.tokenize(["green", "red"])
    vectors = batching.embed_with_shortened(text, shortened)
    assert vectors.shape == (3, encoder.dimension)
    np.testing.assert_array_equal(batching.embed_with_shortened(text, shortened), vectors)
    np.testing.assert_array_equal(batching.embed_tokens(text), vectors[:1])
    assert encoder.text_batches == [3]
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 0


class RoundingEncoder(SharingEncoder):
    """Embeds a text a little differently beside its forms, as int8 does."""

    def embed_with_shortened(self, text: NDArray[np.int64], shortened: NDArray[np.int64]) -> NDArray[np.float32]:
        return super().embed_with_shortened(text, shortened) + np.float32(0.25)


def test_a_text_that_was_embedded_alone_keeps_its_vector_and_its_forms_what_they_lack() -> None:
    encoder = RoundingEncoder()
    batching = BatchingEncoder(encoder, cache_size=10)
    text, shortened = batching.tokenize(["red green"]), batching.tokenize(["green", "red"])
    alone = batching.embed_tokens(text)
    for _ in range(2):
        vectors = batching.embed_with_shortened(text, shortened)
        np.testing.assert_allclose(vectors[0], alone[0], atol=1e-6)
        exact = encoder.embed_with_shortened(text, shortened)
        np.testing.assert_allclose(vectors[0] - vectors[1:], exact[0] - exact[1:], atol=1e-6)
    assert batching.embed_tokens(text) is alone


def test_shortened_forms_are_a_run_of_their_own_where_the_encoder_shares_nothing(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    vectors = batching.embed_with_shortened(batching.tokenize(["red green"]), batching.tokenize(["green", "red"]))
    assert (len(vectors), encoder.text_batches) == (3, [1, 2])


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


def test_with_a_cache_of_no_size_every_text_is_a_run(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=0)
    for _ in range(2):
        batching.embed_tokens(batching.tokenize(["red"]))
    assert encoder.text_batches == [1, 1]


def test_a_cached_vector_cannot_be_written_to(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    with pytest.raises(ValueError, match="read-only"):
        batching.embed_tokens(batching.tokenize(["red"]))[0] = 0


def test_pictures_go_to_the_encoder_itself(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=10)
    pixels = np.zeros((3, encoder.side, encoder.side), np.float32)
    np.testing.assert_array_equal(batching.embed_pixels(pixels[None]), encoder.embed_pixels(pixels[None]))
    np.testing.assert_array_equal(batching.attribute(pixels)[1], encoder.attribute(pixels)[1])


def test_past_its_size_the_cache_forgets_the_least_recently_used_text(encoder: ColourEncoder) -> None:
    batching = BatchingEncoder(encoder, cache_size=2)
    for colour in ("red", "green", "red", "blue"):
        batching.embed_tokens(batching.tokenize([colour]))
    encoder.text_batches.clear()
    batching.embed_tokens(batching.tokenize(["red"]))
    assert encoder.text_batches == []
    batching.embed_tokens(batching.tokenize(["green"]))
    assert encoder.text_batches == [1]
