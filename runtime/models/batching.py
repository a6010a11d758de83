"""Micro-batches: texts that arrive while the text tower is busy share its next run; texts embedded before need none.

A text that arrives while a worker is free runs at once and alone. Those that arrive while every worker is busy wait in
order; the first of them to get a worker takes others along in one batch. Not for building an index: a vector that is stored
must not depend on its neighbours in a batch.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from runtime.models.encoder import Encoder, Pixels, Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

    from runtime.artefacts.model_records import Preprocessing

TokenIds = NDArray[np.int64]

# In full size on one thread, a run of CLIP ViT-B/32 costs 2 ms and 0.2 ms a token, padding included: one run of 16 texts of
# ten tokens takes half the time of 16 runs. Larger batches save hardly more, while every request in them waits for the end.
RUN_TOKENS_MAX = 160
# Shorter texts are padded to the longest. Ten tokens of padding cost as much as a separate run.
MAX_PADDING_TOKENS = 8


class BatchingEncoder:
    """An `Encoder` over another one, for searches side by side. Any thread may call any method.

    A run's vectors are kept by its tokens. In int8, those of a text that was part of a larger batch are a little off
    (benchmarks/RESULTS.md has by how much), but a search and the explanation of its hits a moment later use the same ones.
    """

    def __init__(self, encoder: Encoder, *, cache_size: int, workers: int = 1) -> None:
        """Keep the encoder, the vectors of up to `cache_size` text runs, and at most `workers` runs at a time."""
        self._encoder = encoder
        self._batcher = MicroBatcher(encoder.embed_tokens, encoder.pad_token_id, workers=workers)
        self._cache: LRUCache[Hashable, Vectors] = LRUCache(cache_size)
        self._cache_lock = threading.Lock()

    @property
    def pad_token_id(self) -> int:
        """What the encoder pads with."""
        return self._encoder.pad_token_id

    def tokenize(self, texts: Sequence[str]) -> TokenIds:
        """Return what the encoder does."""
        return self._encoder.tokenize(texts)

    def read_part(self, text: str) -> str:
        """Return what the encoder does."""
        return self._encoder.read_part(text)

    def embed_tokens(self, token_ids: TokenIds) -> Vectors:
        """Return the vectors, (n, d), of tokenized texts; they are shared, so nobody may write to them."""
        vectors = self._known(_key_of(token_ids))
        if vectors is None:
            vectors = self._batcher.embed(token_ids).copy()  # a view would keep the whole batch in memory
            self._keep(_key_of(token_ids), vectors)
        return vectors

    def _known(self, key: Hashable) -> Vectors | None:
        with self._cache_lock:
            return self._cache.get(key)

    def _keep(self, key: Hashable, vectors: Vectors) -> None:
        vectors.flags.writeable = False
        if self._cache.maxsize:  # a cache of size 0 raises for every value
            with self._cache_lock:
                self._cache[key] = vectors

    @property
    def shares_prefixes(self) -> bool:
        """Whether the encoder embeds a text and its shortened forms in one run."""
        return self._encoder.shares_prefixes

    def embed_with_shortened(self, text: TokenIds, shortened: TokenIds) -> Vectors:
        """Return the vectors, (1 + n, d), of a text and n shortened forms of it; nobody may write to them.

        While every worker is busy, these are two runs, which others share: 16 short texts in one take less time than each
        with its forms in a run of its own. A text has one vector in all searches, as long as it is known: that of its first
        run. If that was another one, the forms are moved along with it, so that what each of them lacks stays the same.
        """
        key = (text.tobytes(), shortened.shape, shortened.tobytes())
        vectors = self._known(key)
        if vectors is not None:
            return vectors
        if not self.shares_prefixes or self._batcher.is_busy:
            return np.concatenate([self.embed_tokens(text), self.embed_tokens(shortened)])
        vectors = self._batcher.embed(text, alone=lambda text: self._encoder.embed_with_shortened(text, shortened))
        known = self._known(_key_of(text))
        if known is None:
            self._keep(_key_of(text), vectors[:1])
        else:
            vectors = vectors + (known[0] - vectors[0])
        self._keep(key, vectors)
        return vectors

    @property
    def preprocessing(self) -> "Preprocessing":
        """What the encoder does to a picture."""
        return self._encoder.preprocessing

    def prepare(self, image: "Image", scaled_from: tuple[int, int] | None = None) -> Pixels:
        """Return what the encoder does."""
        return self._encoder.prepare(image, scaled_from)

    def embed_pixels(self, pixels: Pixels) -> Vectors:
        """Return what the encoder does."""
        return self._encoder.embed_pixels(pixels)

    def attribute(self, pixels: Pixels) -> tuple[Vectors, Vectors]:
        """Return what the encoder does."""
        return self._encoder.attribute(pixels)

    def seen_part(self, image: "Image") -> tuple[float, float, float, float]:
        """Return what the encoder does."""
        return self._encoder.seen_part(image)


class MicroBatcher:
    """Calls of one function over rows of token ids; those that wait at the same time are joined. Any thread may call."""

    def __init__(self, run: Callable[[TokenIds], Vectors], pad_token_id: int, *, workers: int = 1) -> None:
        """Keep the function, (n, t) -> (n, d), of which at most `workers` runs go on at a time.

        Rows that share a run are brought to one length with `pad_token_id`.
        """
        self._run, self._pad_token_id, self._free_workers = run, pad_token_id, workers
        self._waiting: deque[_Request] = deque()  # empty while a worker is free
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return len(self._waiting)

    @property
    def is_busy(self) -> bool:
        """Whether a call would have to wait now."""
        return not self._free_workers

    def embed(self, token_ids: TokenIds, *, alone: Callable[[TokenIds], Vectors] | None = None) -> Vectors:
        """Return the vectors, (n, d), of (n, t) token ids; with `alone`, what it returns, in a run that no other shares.

        Raises:
            Exception: whatever the function raised on these rows. An error of other rows in the batch is not raised here.
        """
        request = _Request(token_ids, alone)
        if not self._takes_worker(request):
            request.woken.wait()
        if not request.outcome.done():  # not part of another's batch: it has a worker and runs a batch itself
            self._run_batch(request)
        return request.outcome.result()

    def _takes_worker(self, request: "_Request") -> bool:
        """Return whether the request got a free worker; else it is in the queue."""
        with self._lock:
            if self._free_workers:
                self._free_workers -= 1
                return True
            self._waiting.append(request)
            return False

    def _run_batch(self, first: "_Request") -> None:
        """Run the request and those that it takes along; then free the worker, or give it to the next request."""
        batch = [first, *self._others_that_fit(first)]
        try:
            self._settle(batch)
        finally:
            self._pass_worker_on()
        for other in batch[1:]:
            other.woken.set()

    def _others_that_fit(self, first: "_Request") -> "list[_Request]":
        """Take out of the queue the requests that fit into the batch of `first`: in order, and of about its length."""
        taken, rows, length, staying = list["_Request"](), len(first.token_ids), first.length, deque["_Request"]()
        if first.alone:
            return taken
        with self._lock:
            for request in self._waiting:
                with_it = rows + len(request.token_ids), max(length, request.length)
                is_near = abs(request.length - first.length) <= MAX_PADDING_TOKENS
                if is_near and not request.alone and math.prod(with_it) <= RUN_TOKENS_MAX:
                    taken.append(request)
                    rows, length = with_it
                else:
                    staying.append(request)
            self._waiting = staying
        return taken

    def _pass_worker_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free_workers += 1
                return
            first = self._waiting.popleft()
        first.woken.set()

    def _settle(self, batch: "Sequence[_Request]") -> None:
        """Give every request of the batch an outcome; where the shared run fails, each gets a run of its own."""
        try:
            run = batch[0].alone or self._run
            vectors = run(_joined([request.token_ids for request in batch], self._pad_token_id))
        except Exception as error:  # of any kind: it is raised again by the call that it belongs to
            if len(batch) == 1:
                batch[0].outcome.set_exception(error)
                return
            for request in batch:
                self._settle([request])
            return
        if batch[0].alone:
            batch[0].outcome.set_result(vectors)
            return
        ends = np.cumsum([len(request.token_ids) for request in batch])
        for request, end in zip(batch, ends, strict=True):
            request.outcome.set_result(vectors[end - len(request.token_ids) : end])


class _Request:
    """One call. Once `woken`, it either has its `outcome` or has a worker and must run a batch itself."""

    def __init__(self, token_ids: TokenIds, alone: Callable[[TokenIds], Vectors] | None = None) -> None:
        self.token_ids, self.length, self.alone = token_ids, token_ids.shape[1], alone
        self.woken = threading.Event()
        self.outcome: Future[Vectors] = Future()


def _key_of(token_ids: TokenIds) -> Hashable:
    return len(token_ids), token_ids.tobytes()


def _joined(batches: Sequence[TokenIds], pad_token_id: int) -> TokenIds:
    """Return all rows as one batch, the shorter ones padded at their end."""
    if len(batches) == 1:
        return batches[0]
    joined = np.full((sum(map(len, batches)), max(batch.shape[1] for batch in batches)), pad_token_id, dtype=np.int64)
    row = 0
    for batch in batches:
        joined[row : row + len(batch), : batch.shape[1]] = batch
        row += len(batch)
    return joined
