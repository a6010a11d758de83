"""Connections that wait for their client: each has a deadline, and past the limit the one that waits longest is dropped.

A connection waits for its client while it is idle, while the head or the body of a request has not come whole, and while an
answer is not read. One whose request is being answered is dropped only where there is no other. Over uvicorn's own protocol,
which has a deadline for idle connections alone (its issue 157). Knows no route.
"""

import asyncio
import math
import sys
from collections.abc import Callable
from enum import Enum, unique
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from runtime.web.faults import fault_answer
from runtime.web.middleware import NO_ROUTE, safe_headers

# Longer than the 60 s of the usual proxies and load balancers: if it were shorter, they would meet closed connections.
KEEP_ALIVE_S = 75
LAST_WORDS_S = 3.0  # of a server that ends: for answers that are being read


@unique
class Wait(Enum):
    """What a connection waits for, and for how many seconds at most."""

    REQUEST = KEEP_ALIVE_S  # idle
    HEAD = 10.0  # from the connection, or from the first byte of a later request, to the end of the headers
    BODY = math.inf  # what reads it has the deadline
    REST = 5.0  # the request is answered, and the client still sends its body
    READER = 30.0  # for 48 KB of the answer to be read: the buffer is full at 64 KB, and written to again at 16 KB


HEAD_TOO_SLOW = f"The request's headers did not come within {Wait.HEAD.value:.0f} s."
HEAD_TOO_LARGE = "The request's line and headers are too large. Send less than 16 KB."
NO_HTTP = "This is no HTTP/1.1 request that can be read."


class Connections(ServerState):
    """The connections of one server, of which there are at most `limit`."""

    def __init__(self, limit: int, count: Callable[[str, int, float], None]) -> None:
        """Begin without any. `count(route, status, seconds)` is told each answer that is given without the app."""
        super().__init__()
        self.limit, self.count = limit, count
        self.opened: dict[WatchedProtocol, None] = {}  # all of them, the oldest first
        self.waiting: dict[WatchedProtocol, None] = {}  # those that wait for their client, the longest first

    def add(self, newcomer: "WatchedProtocol") -> None:
        """Take up one more. If there are too many, drop the one that waits longest, or the oldest if none waits."""
        self.opened[newcomer] = None
        if len(self.opened) > self.limit:
            next(iter(self.waiting or self.opened)).drop()


class WatchedProtocol(H11Protocol):
    """One connection."""

    server_state: Connections

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 (uvicorn's own)
        super().__init__(*arguments, **named)
        self._wait: Wait | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.server_state.add(self)
        self._follow()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see what is waited for now."""
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of this one."""
        super().on_response_complete()
        self._follow()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._follow()

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._follow()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        self._set_wait(None)
        self.server_state.opened.pop(self, None)

    def drop(self) -> None:
        """Close the connection at once; what was not sent yet is lost."""
        self._set_wait(None)
        self.server_state.opened.pop(self, None)
        self.transport.abort()

    def shutdown(self) -> None:
        """End: at once where a request has not come whole, after a while where an answer is being read."""
        if self.transport.is_closing():
            return
        if self._wait in {Wait.HEAD, Wait.BODY, Wait.REST}:
            self.drop()
            return
        super().shutdown()
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(LAST_WORDS_S, self._end_reading)

    def send_400_response(self, msg: str) -> None:
        """Refuse what h11 cannot read; its error is being handled."""
        if getattr(sys.exception(), "error_status_hint", 400) == 431:
            self._refuse(431, "headers_too_large", HEAD_TOO_LARGE)
        else:
            self._refuse(400, "http_malformed", NO_HTTP)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: a server may pass over a wish to upgrade, and this one always does."""

    def _follow(self) -> None:
        self._set_wait(self._awaited())

    def _awaited(self) -> Wait | None:
        """Return what the client has to do before anything goes on; None while its request is being answered."""
        if self.flow.write_paused or (self.transport.is_closing() and self.transport.get_write_buffer_size()):
            return Wait.READER
        if self.transport.is_closing():
            return None
        is_answered = self.cycle is None or self.cycle.response_complete
        if self.conn.their_state is h11.SEND_BODY:
            return Wait.REST if is_answered else Wait.BODY
        if not is_answered:
            return None
        return Wait.REQUEST if self.cycle is not None and not self.conn.trailing_data[0] else Wait.HEAD

    def _set_wait(self, wait: Wait | None) -> None:
        """Wait for this from now on; what is waited for already keeps its deadline, however much of it has come."""
        if wait is self._wait:
            return
        self._wait = wait
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self.server_state.waiting.pop(self, None)
        if wait is not None:
            self.server_state.waiting[self] = None
        if wait is not None and wait is not Wait.BODY:
            self._deadline = self.loop.call_later(wait.value, self._expire)

    def _expire(self) -> None:
        if self._wait is Wait.HEAD and self.conn.trailing_data[0]:  # a browser connects in advance, and says nothing yet
            self._refuse(408, "request_timeout", HEAD_TOO_SLOW)
        else:
            self.drop()

    def _end_reading(self) -> None:
        if self.flow.write_paused or self.transport.is_closing():
            self.drop()

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer without the app, in the one form, and close."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started:
                self.drop()
                return
            cycle.disconnected = True  # the app hears that nobody waits for its answer
            cycle.message_event.set()
        answer = fault_answer(status, code, message, safe_headers() | {"connection": "close"})
        headers = [*self.server_state.default_headers, *answer.raw_headers]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.server_state.count(NO_ROUTE, status, 0.0)
        self.transport.close()
        self._follow()
