"""Admission: searches come in a few at a time; the others wait, and past a limit are told to come back.

Plain ASGI. A search waits on the event loop and holds no thread, so health, figures, page and pictures, which pass by,
always find one. Knows which paths are searches, not what they do.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.errors import Overloaded
from runtime.web.admission_queue import Turnstile


class Admission:
    """Puts the requests to some `paths` through a turnstile; whom it refuses is answered by `refuse`."""

    def __init__(
        self, app: ASGIApp, *, turnstile: Turnstile, paths: frozenset[str], refuse: Callable[[Overloaded], ASGIApp]
    ) -> None:
        self._app, self._turnstile, self._paths, self._refuse = app, turnstile, paths, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it is its turn; not at all if its client leaves before."""
        if scope["type"] != "http" or scope["path"] not in self._paths:
            await self._app(scope, receive, send)
            return
        try:
            turn = self._turnstile.enter()
        except Overloaded as error:
            await self._refuse(error)(scope, receive, send)
            return
        if turn is not None:
            patient = _Patient(receive)
            if not await self._gets_turn(turn, patient):
                return
            receive = patient.receive
        start = perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            self._turnstile.leave(perf_counter() - start)

    async def _gets_turn(self, turn: "asyncio.Future[None]", patient: "_Patient") -> bool:
        """Return whether it is the request's turn; else its client has left, and so has it the queue."""
        leaving = asyncio.ensure_future(patient.hear_leaving())
        admitted = False
        try:
            await asyncio.wait((turn, leaving), return_when=asyncio.FIRST_COMPLETED)
            left = leaving.done()
            leaving.cancel()
            await asyncio.wait((leaving,))
            admitted = not left
        finally:  # also where the server gives up the request
            leaving.cancel()
            if not admitted:
                self._turnstile.give_up(turn)
        return admitted


class _Patient:
    """A request that waits: what it hears meanwhile is kept for the app."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._heard: deque[Message] = deque()

    async def hear_leaving(self) -> None:
        """Return when the client leaves.

        Of a body that comes in parts, such as a picture, only the first is read ahead, so that those who wait fill no
        memory; whether its client has left is found out at its turn.
        """
        while not self._heard or not self._heard[-1].get("more_body", False):
            self._heard.append(await self._receive())
            if self._heard[-1]["type"] == "http.disconnect":
                return
        await asyncio.Event().wait()

    async def receive(self) -> Message:
        """Return the next message of the request, as the server's own `receive` would have."""
        return self._heard.popleft() if self._heard else await self._receive()
