"""Bodies: read whole, in time, and within the memory that they may take together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.errors import Overloaded
from runtime.web.request_body import BYTES_PER_S, FIRST_S, SMALL_BYTES, RequestBodies
from tests.runtime.web.clocks import pass_time, run_on_set_clock

LARGE = SMALL_BYTES + 1000


class Sender:
    """A client that sends parts when the test says so."""

    def __init__(self) -> None:
        self.parts: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, body: bytes, *, more: bool = False) -> None:
        self.parts.put_nowait({"type": "http.request", "body": body, "more_body": more})

    @asynccontextmanager
    async def read_by(self, bodies: RequestBodies) -> AsyncIterator["asyncio.Task[bytes]"]:
        task = asyncio.ensure_future(self._read(bodies))
        await pass_time(0)
        yield task
        await asyncio.gather(task, return_exceptions=True)

    async def _read(self, bodies: RequestBodies) -> bytes:
        async with bodies.whole(self.parts.get) as receive:
            message = await receive()
            assert not message["more_body"]
            return bytes(message["body"])


def test_a_body_in_parts_is_given_in_one_piece_and_then_what_follows() -> None:
    async def story() -> None:
        sender = Sender()
        sender.send(b"one ", more=True)
        sender.send(b"two")
        sender.parts.put_nowait({"type": "http.disconnect"})
        async with RequestBodies().whole(sender.parts.get) as receive:
            assert await receive() == {"type": "http.request", "body": b"one two", "more_body": False}
            assert await receive() == {"type": "http.disconnect"}

    run_on_set_clock(story)


def test_a_body_that_drips_is_ended_with_408() -> None:
    async def story() -> None:
        sender = Sender()
        async with sender.read_by(RequestBodies()) as reading:
            for _ in range(int(FIRST_S) + 1):
                sender.send(b"a", more=True)
                await pass_time(1)
            with pytest.raises(HTTPException) as refused:
                await reading
        assert (refused.value.status_code, refused.value.headers) == (408, {"connection": "close"})

    run_on_set_clock(story)


def test_a_large_body_has_the_time_that_its_bytes_take_at_the_slowest_pace() -> None:
    async def story() -> None:
        sender = Sender()
        async with sender.read_by(RequestBodies()) as reading:
            for _ in range(40):
                sender.send(bytes(BYTES_PER_S), more=True)
                await pass_time(1)
            assert not reading.done()
            sender.send(b"")
        assert len(reading.result()) == 40 * BYTES_PER_S

    run_on_set_clock(story)


def test_a_client_that_leaves_within_its_body_is_no_request() -> None:
    async def story() -> None:
        sender = Sender()
        sender.send(b"a", more=True)
        sender.parts.put_nowait({"type": "http.disconnect"})
        async with sender.read_by(RequestBodies()) as reading:
            with pytest.raises(ClientDisconnect):
                await reading

    run_on_set_clock(story)


def test_past_the_memory_the_oldest_unfinished_large_body_is_refused() -> None:
    async def story() -> None:
        bodies, senders = RequestBodies(held_max_bytes=2500), [Sender() for _ in range(4)]
        async with (
            senders[0].read_by(bodies) as small,
            senders[1].read_by(bodies) as oldest,
            senders[2].read_by(bodies) as second,
            senders[3].read_by(bodies) as third,
        ):
            senders[0].send(b"a" * SMALL_BYTES, more=True)
            for sender in senders[1:]:
                sender.send(bytes(LARGE), more=True)
                await pass_time(0)
            with pytest.raises(Overloaded):
                await oldest
            for sender in (senders[0], *senders[2:]):
                sender.send(b"")
        assert len(small.result()) == SMALL_BYTES
        assert len(second.result()) == len(third.result()) == LARGE

    run_on_set_clock(story)


def test_where_whole_bodies_fill_the_memory_a_new_large_one_is_refused_and_a_small_one_is_not() -> None:
    async def story() -> None:
        bodies, first, small, large = RequestBodies(held_max_bytes=1500), Sender(), Sender(), Sender()
        for sender, size in ((first, LARGE), (small, SMALL_BYTES), (large, LARGE)):
            sender.send(bytes(size), more=True)
            sender.send(b"")
        async with bodies.whole(first.parts.get):
            async with small.read_by(bodies) as reading:
                assert len(await reading) == SMALL_BYTES
            async with large.read_by(bodies) as reading:
                with pytest.raises(Overloaded):
                    await reading
        later = Sender()
        later.send(bytes(LARGE))
        async with later.read_by(bodies) as reading:
            assert len(await reading) == LARGE

    run_on_set_clock(story)
