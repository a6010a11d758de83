"""Turnstile: a few places, a bounded queue before them, and how long it takes to get through. Belongs to one event loop.

Knows no HTTP; `admission.py` puts requests through it.
"""

import asyncio
import math
from collections import deque

from runtime.errors import Overloaded

LONGEST_RETRY_S = 60
NEWEST_SHARE = 0.1  # of the moving mean of the time that a place is taken


class Turnstile:
    """Lets `places` through at once, and keeps up to `queue_max` more waiting, in order of arrival."""

    def __init__(self, places: int, queue_max: int) -> None:
        """Begin with every place free."""
        self._places, self._free, self._queue_max = places, places, queue_max
        self._waiting: deque[asyncio.Future[None]] = deque()  # empty while a place is free
        self._mean_s = 0.0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def enter(self) -> "asyncio.Future[None] | None":
        """Take a free place and return None, or return what is done as soon as one has been given.

        Raises:
            Overloaded: every place is taken, and so is the queue.
        """
        if self._free:
            self._free -= 1
            return None
        if self.waiting >= self._queue_max:
            raise Overloaded(self.waiting, self._retry_s())
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        return turn

    def leave(self, spent_s: float) -> None:
        """Give up a place that was taken for so long."""
        self._mean_s += (spent_s - self._mean_s) * (NEWEST_SHARE if self._mean_s else 1.0)
        self._pass_place_on()

    def give_up(self, turn: "asyncio.Future[None]") -> None:
        """Leave the queue, or the place that was just given."""
        if turn.done():
            self._pass_place_on()
        else:
            self._waiting.remove(turn)

    def _pass_place_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1

    def _retry_s(self) -> int:
        """Return how long the queue will take, in whole seconds: by then, there is room again."""
        return min(LONGEST_RETRY_S, max(1, math.ceil(self.waiting * self._mean_s / self._places)))
