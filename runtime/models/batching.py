"""Meeting: searches that reach the text tower while it is busy share the next run of it.

Nobody waits for company: a call that finds a lane free runs at once and alone. Those that come while every lane is taken
wait in order, and the first of them to get one takes the others along. Knows rows of token ids, no model and no query.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.int64]
Vectors = NDArray[np.float32]

# In full size on one thread, a run costs 2 ms and 0.2 ms a token: 16 texts in one take half the time of 16 runs, and more
# of them hardly less, while everybody in it waits for its end.
MAX_ROWS = 16
# Shorter texts are padded to the longest. Ten tokens of padding cost as much as a run of one's own.
MAX_PADDING_TOKENS = 8


class Meeting:
    """Calls of one function over rows of token ids, joined where they meet. Any thread may call."""

    def __init__(self, run: Callable[[TokenIds], Vectors], *, lanes: int = 1) -> None:
        """Keep the function, (n, t) -> (n, d), of which at most `lanes` runs are under way at once."""
        self._run, self._free_lanes = run, lanes
        self._waiting: deque[_Guest] = deque()  # empty while a lane is free
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many calls wait for a lane."""
        return len(self._waiting)

    def embed(self, token_ids: TokenIds) -> Vectors:
        """Return the vectors, (n, d), of (n, t) token ids, each row of them ending with the end token.

        Raises:
            Exception: whatever the function raised on these rows; those who share a run do not share its faults.
        """
        guest = _Guest(token_ids)
        if not self._enters(guest):
            guest.called.wait()
        if not guest.outcome.done():  # nobody took it along: the lane is its own
            self._lead(guest)
        return guest.outcome.result()

    def _enters(self, guest: "_Guest") -> bool:
        """Return whether there was a free lane for the guest; else it is in the queue."""
        with self._lock:
            if self._free_lanes:
                self._free_lanes -= 1
                return True
            self._waiting.append(guest)
            return False

    def _lead(self, guest: "_Guest") -> None:
        """Run for the guest and for those that it takes along; then the lane is free, or the next one's."""
        party = [guest, *self._company(guest)]
        try:
            _settle(self._run, party)
        finally:
            self._pass_lane_on()
        for other in party[1:]:
            other.called.set()

    def _company(self, leader: "_Guest") -> "list[_Guest]":
        """Take out of the queue those that fit into the leader's run: in order, and of about its length."""
        company, rows, stay = [], len(leader.token_ids), deque["_Guest"]()
        with self._lock:
            for guest in self._waiting:
                fits = abs(guest.length - leader.length) <= MAX_PADDING_TOKENS
                if fits and rows + len(guest.token_ids) <= MAX_ROWS:
                    company.append(guest)
                    rows += len(guest.token_ids)
                else:
                    stay.append(guest)
            self._waiting = stay
        return company

    def _pass_lane_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free_lanes += 1
                return
            leader = self._waiting.popleft()
        leader.called.set()


class _Guest:
    """One call. Once `called`, it has its `outcome`, or is to lead a run of its own."""

    def __init__(self, token_ids: TokenIds) -> None:
        self.token_ids, self.length = token_ids, token_ids.shape[1]
        self.called = threading.Event()
        self.outcome: Future[Vectors] = Future()


def _settle(run: Callable[[TokenIds], Vectors], party: Sequence[_Guest]) -> None:
    """Give everybody in the party an outcome; where a shared run fails, each gets a run of its own."""
    try:
        vectors = run(_joined([guest.token_ids for guest in party]))
    except Exception as error:  # of whatever kind: it is raised again by the call that it belongs to
        if len(party) == 1:
            party[0].outcome.set_exception(error)
            return
        for guest in party:
            _settle(run, [guest])
        return
    ends = np.cumsum([len(guest.token_ids) for guest in party])
    for guest, end in zip(party, ends, strict=True):
        guest.outcome.set_result(vectors[end - len(guest.token_ids) : end])


def _joined(batches: Sequence[TokenIds]) -> TokenIds:
    """Return all rows as one batch, the shorter ones padded with the token that they end with."""
    if len(batches) == 1:
        return batches[0]
    length = max(batch.shape[1] for batch in batches)
    padding = (np.repeat(batch[:, -1:], length - batch.shape[1], axis=1) for batch in batches)
    return np.concatenate([np.concatenate(parts, axis=1) for parts in zip(batches, padding, strict=True)])
