"""Admission: searches run a few at a time; the others wait in a queue, and past its limit they are refused.

A waiting search is only a coroutine on the event loop and holds no thread, so that health, metrics, page and pictures, which
do not queue, always find one. Knows no route; a route of the class `QueuedRoute` in `api.py` waits here.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from runtime.errors import Overloaded

LONGEST_RETRY_S = 60
NEWEST_SHARE = 0.1  # of the moving mean of the time that a slot is held


class AdmissionQueue:
    """Gives out `slots` at once, and keeps up to `queue_max` more requests waiting, in order. Belongs to one event loop."""

    def __init__(self, slots: int, queue_max: int) -> None:
        """Begin with every slot free."""
        self._slots, self._free, self._queue_max = slots, slots, queue_max
        self._waiting: deque[asyncio.Future[None]] = deque()  # empty while a slot is free
        self._mean_s = 0.0

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def slot(self, receive: Receive) -> AsyncIterator[Receive]:
        """Wait for a slot and hold it for the block; yields the `receive` with which to read the request from there on.

        Raises:
            Overloaded: every slot is taken, and the queue is full.
            ClientDisconnect: the client left while it waited.
            RequestTooLarge: what was read of the body while it waited is over the limit.
        """
        turn = self.enter()
        if turn is not None:
            reader = _ReadAhead(receive)
            await self._wait(turn, reader)
            receive = reader.receive
        start = perf_counter()
        try:
            yield receive
        finally:
            self.leave(perf_counter() - start)

    def enter(self) -> "asyncio.Future[None] | None":
        """Take a free slot and return None, or join the queue and return a future that is done once a slot is given.

        Raises:
            Overloaded: every slot is taken, and the queue is full.
        """
        if self._free:
            self._free -= 1
            return None
        if self.waiting >= self._queue_max:
            raise Overloaded(self.waiting, self._retry_s())
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        return turn

    def leave(self, held_s: float) -> None:
        """Give up a slot that was held for so long."""
        self._mean_s += (held_s - self._mean_s) * (NEWEST_SHARE if self._mean_s else 1.0)
        self._pass_slot_on()

    def give_up(self, turn: "asyncio.Future[None]") -> None:
        """Leave the queue, or give back the slot that was just given."""
        if turn.done():
            self._pass_slot_on()
        else:
            self._waiting.remove(turn)

    async def _wait(self, turn: "asyncio.Future[None]", reader: "_ReadAhead") -> None:
        """Return when the request has its slot; raises as `slot` does when it gives up its turn before."""
        leaving = asyncio.ensure_future(reader.wait_for_disconnect())
        admitted = False
        try:
            await asyncio.wait((turn, leaving), return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                leaving.result()  # raises what reading the body raised
                raise ClientDisconnect
            leaving.cancel()
            await asyncio.wait((leaving,))
            admitted = True
        finally:  # also where the server cancels the request
            leaving.cancel()
            if not admitted:
                self.give_up(turn)

    def _pass_slot_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1

    def _retry_s(self) -> int:
        """Return in how many whole seconds the requests that wait now will be through."""
        return min(LONGEST_RETRY_S, max(1, math.ceil(self.waiting * self._mean_s / self._slots)))


class _ReadAhead:
    """Reads a waiting request to notice when its client leaves, and keeps what it has read for the app."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: deque[Message] = deque()

    async def wait_for_disconnect(self) -> None:
        """Return when the client leaves.

        Of a body that comes in parts, such as a picture, only the first is read ahead, so that waiting requests fill no
        memory; whether its client has left then shows when it has its slot.
        """
        while not self._read or not self._read[-1].get("more_body", False):
            self._read.append(await self._receive())
            if self._read[-1]["type"] == "http.disconnect":
                return
        await asyncio.Event().wait()

    async def receive(self) -> Message:
        """Return the next message of the request, as the server's own `receive` would have."""
        return self._read.popleft() if self._read else await self._receive()
