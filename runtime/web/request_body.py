"""Request bodies: read whole before their request waits for anything, in bounded time and bounded memory. Knows no route."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from runtime.errors import Overloaded

# A body has 10 s, and as much longer as it would take at 50 kB/s: 100 s for 4.5 MB.
FIRST_S, BYTES_PER_S = 10.0, 50_000
HELD_MAX_BYTES = 96_000_000  # of all requests together
SMALL_BYTES = 65_536  # such a body does not count, so that words can be searched with while pictures fill the memory
RETRY_S = 5
TOO_SLOW = "The request's body did not come whole in time. Send it again, faster."


class RequestBodies:
    """Reads bodies and holds them, at most `held_max_bytes` at once. Belongs to one event loop."""

    def __init__(self, *, first_s: float = FIRST_S, held_max_bytes: int = HELD_MAX_BYTES) -> None:
        """Begin with none. Every body has `first_s` to come, and longer the more of it has come."""
        self._first_s, self._held_max_bytes = first_s, held_max_bytes
        self._held_bytes = 0
        self._unfinished: dict[_Body, None] = {}  # the oldest first

    @asynccontextmanager
    async def whole(self, receive: Receive) -> AsyncIterator[Receive]:
        """Read a body and hold it for the block; yields the `receive` that gives it in one piece.

        Raises:
            HTTPException: 408, it did not come in time.
            Overloaded: it is large, and there is no more memory for such.
            ClientDisconnect: the client left.
            RequestTooLarge: as `receive` itself.
        """
        body = _Body(receive)
        try:
            await self._read(body)
            yield body.receive
        finally:
            self._hold(body, -body.counted_bytes)

    async def _read(self, body: "_Body") -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        self._unfinished[body] = None
        try:
            async with asyncio.timeout(self._first_s) as body.timeout:
                more = True
                while more:
                    more = await body.read_part()
                    self._hold(body, max(0, len(body.content) - SMALL_BYTES) - body.counted_bytes)
                    self._make_room(body)
                    if body.is_refused:
                        raise TimeoutError
                    body.timeout.reschedule(start + self._first_s + len(body.content) / BYTES_PER_S)
        except TimeoutError as cause:
            if body.is_refused:
                raise Overloaded(self._held_bytes // 1_000_000, RETRY_S, "MB of pictures are held") from cause
            raise HTTPException(408, TOO_SLOW, {"connection": "close"}) from cause
        finally:
            del self._unfinished[body]

    def _hold(self, body: "_Body", more_bytes: int) -> None:
        body.counted_bytes += more_bytes
        self._held_bytes += more_bytes

    def _make_room(self, newest: "_Body") -> None:
        """Refuse the oldest large bodies that are unfinished until the others fit; the newest one if none is left."""
        others = (body for body in self._unfinished if body is not newest and body.counted_bytes)
        while self._held_bytes > self._held_max_bytes:
            body = next(others, newest)
            body.refuse()
            self._hold(body, -body.counted_bytes)
            if body is newest:
                return


class _Body:
    """One body, as far as it has come."""

    timeout: asyncio.Timeout

    def __init__(self, receive: Receive) -> None:
        self._receive, self._is_given = receive, False
        self.content, self.counted_bytes, self.is_refused = bytearray(), 0, False

    async def read_part(self) -> bool:
        """Read on; return whether more will come."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self.content += message.get("body", b"")
        return bool(message.get("more_body", False))

    def refuse(self) -> None:
        """End the reading."""
        self.is_refused, self.content = True, bytearray()
        self.timeout.reschedule(asyncio.get_running_loop().time())

    async def receive(self) -> Message:
        """Return the body once, then what else the server says."""
        if self._is_given:
            return await self._receive()
        self._is_given, content = True, bytes(self.content)
        self.content = bytearray()
        return {"type": "http.request", "body": content, "more_body": False}
