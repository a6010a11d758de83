"""Requests that wait in an admission queue, step by step on one event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.types import Message

from runtime.web.admission import AdmissionQueue

LIMIT_S = 120


@dataclass
class Client:
    """One request: what it sends, when it leaves, and what it is answered."""

    parts: list[Message] = field(default_factory=lambda: [{"type": "http.request", "body": b"hello", "more_body": False}])
    left: asyncio.Event = field(default_factory=asyncio.Event)
    answered: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        if self.parts:
            return self.parts.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.answered.append(message)


@dataclass
class SlowSearch:
    """Holds a slot while it reads a whole body, and ends when it may."""

    queue: AdmissionQueue
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[bytes] = field(default_factory=list)

    async def begin(self, client: Client) -> "asyncio.Task[None]":
        """Begin a request, and return when it has got as far as it gets for now."""
        task = asyncio.ensure_future(self._search(client))
        await settled()
        return task

    async def _search(self, client: Client) -> None:
        async with self.queue.slot(client.receive) as receive:
            body, more = b"", True
            while more:
                message = await receive()
                body, more = body + message["body"], message["more_body"]
            self.bodies.append(body)
            await self.go_on.wait()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), LIMIT_S))
