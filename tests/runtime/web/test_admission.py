"""Admission of requests: who waits for a slot and reads what, who is refused, what happens to those who leave."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from runtime.errors import Overloaded, RequestTooLarge
from runtime.web import admission
from runtime.web.admission import AdmissionQueue
from tests.runtime.web.slow_requests import Client, SlowSearch, run, settled


def test_searches_wait_in_order_and_read_their_whole_body() -> None:
    async def story() -> None:
        search = SlowSearch(AdmissionQueue(1, 2))
        clients = [Client([{"type": "http.request", "body": body, "more_body": False}]) for body in (b"1", b"2", b"3")]
        tasks = [await search.begin(client) for client in clients]
        assert (search.bodies, search.queue.waiting) == ([b"1"], 2)
        search.go_on.set()
        await asyncio.gather(*tasks)
        assert search.bodies == [b"1", b"2", b"3"]

    run(story)


def test_no_more_searches_than_slots_run_at_once_those_that_waited_included() -> None:
    async def story() -> None:
        queue, running = AdmissionQueue(2, 4), [0]

        async def search() -> None:
            async with queue.slot(Client().receive):
                running.append(running[-1] + 1)
                await settled()
                running.append(running[-1] - 1)

        await asyncio.gather(*(search() for _ in range(6)))
        assert (max(running), running[-1], queue.waiting) == (2, 0, 0)

    run(story)


def test_a_body_in_parts_is_read_only_when_its_request_has_a_slot() -> None:
    async def story() -> None:
        search = SlowSearch(AdmissionQueue(1, 1))
        first = await search.begin(Client())
        parts: list[Message] = [{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)]
        client = Client(parts)
        second = await search.begin(client)
        assert len(client.parts) == 2
        search.go_on.set()
        await asyncio.gather(first, second)
        assert search.bodies[1] == b"xxx"

    run(story)


def test_a_client_that_leaves_while_it_waits_costs_nothing_more() -> None:
    async def story() -> None:
        search = SlowSearch(AdmissionQueue(1, 2))
        first = await search.begin(Client())
        leaving, staying = Client(), Client()
        second, third = await search.begin(leaving), await search.begin(staying)
        leaving.left.set()
        with pytest.raises(ClientDisconnect):
            await second
        assert search.queue.waiting == 1
        search.go_on.set()
        await asyncio.gather(first, third)
        assert len(search.bodies) == 2

    run(story)


def test_a_body_that_does_not_say_whether_more_comes_is_whole() -> None:
    async def story() -> None:
        search = SlowSearch(AdmissionQueue(1, 1))
        first = await search.begin(Client())
        leaving = Client([{"type": "http.request", "body": b"hello"}])
        second = await search.begin(leaving)
        leaving.left.set()
        with pytest.raises(ClientDisconnect):
            await second
        search.go_on.set()
        await first

    run(story)


def test_the_time_that_is_told_is_how_long_slots_were_held(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        seconds = iter([100.0, 103.0])
        monkeypatch.setattr(admission, "perf_counter", lambda: next(seconds))
        queue = AdmissionQueue(1, 1)
        async with queue.slot(Client().receive):
            pass
        queue.enter()
        queue.enter()
        with pytest.raises(Overloaded, match="Try again in 3 s"):
            queue.enter()

    run(story)


def test_a_request_that_the_server_cancels_leaves_the_queue() -> None:
    async def story() -> None:
        search = SlowSearch(AdmissionQueue(1, 1))
        first = await search.begin(Client())
        second = await search.begin(Client())
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert search.queue.waiting == 0
        search.go_on.set()
        await first
        assert search.queue.enter() is None

    run(story)


def test_a_request_over_the_limit_is_refused_at_once() -> None:
    async def story() -> None:
        search = SlowSearch(AdmissionQueue(1, 0))
        first = await search.begin(Client())
        with pytest.raises(Overloaded):
            await (await search.begin(Client()))
        search.go_on.set()
        await first

    run(story)


def test_a_body_over_the_limit_is_refused_while_it_waits() -> None:
    async def too_large() -> Message:
        raise RequestTooLarge(10)

    async def story() -> None:
        queue = AdmissionQueue(1, 1)
        queue.enter()
        with pytest.raises(RequestTooLarge):
            async with queue.slot(too_large):
                pytest.fail("it got a slot")
        assert queue.waiting == 0

    run(story)


def test_a_search_that_fails_gives_its_slot_back() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 0)
        with pytest.raises(RuntimeError, match="broken"):
            async with queue.slot(Client().receive):
                raise RuntimeError("broken")
        assert queue.enter() is None

    run(story)
