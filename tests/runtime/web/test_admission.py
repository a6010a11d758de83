"""Admission: which routes wait in the queue, who gets a slot and when, who is refused, what happens to those who leave."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.routing import Mount, Route
from starlette.types import Message, Scope

from runtime.engine import Engine
from runtime.errors import Overloaded, RequestTooLarge
from runtime.settings import Settings
from runtime.web import admission
from runtime.web.admission import AdmissionQueue
from runtime.web.api import SEARCHES_AT_ONCE, QueuedRoute, create_app
from tests.runtime.conftest import ColourEncoder

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


def test_a_request_that_finds_a_free_slot_does_not_wait() -> None:
    queue = AdmissionQueue(2, 0)  # outside any event loop, as on Lambda before a request
    assert (queue.enter(), queue.enter()) == (None, None)


def test_waiting_requests_get_a_slot_in_order() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 2)
        assert queue.enter() is None
        first, second = queue.enter(), queue.enter()
        assert first is not None
        assert second is not None
        queue.leave(0.1)
        assert (first.done(), second.done(), queue.waiting) == (True, False, 1)
        queue.leave(0.1)
        assert second.done()
        queue.leave(0.1)
        assert queue.enter() is None

    run(story)


def test_a_request_over_the_limit_is_refused_and_told_how_long_the_queue_takes() -> None:
    async def story() -> None:
        queue = AdmissionQueue(2, 8)
        for _ in range(2 + 8):
            queue.enter()
        queue.leave(3.0)
        queue.enter()
        with pytest.raises(Overloaded) as refused:
            queue.enter()
        assert (refused.value.waiting, refused.value.retry_s) == (8, 12)  # 8 waiting, 2 at once, 3 s each

    run(story)


def test_the_newest_search_counts_for_a_tenth_of_the_time_that_is_told() -> None:
    async def story() -> None:
        queue = AdmissionQueue(2, 8)
        for _ in range(2 + 8):
            queue.enter()
        for spent_s in (3.0, 14.0):  # a mean of 3 s, then of 4.1 s
            queue.leave(spent_s)
            queue.enter()
        with pytest.raises(Overloaded) as refused:
            queue.enter()
        assert refused.value.retry_s == 17  # 8 waiting, 2 at once, 4.1 s each: 16.4 s

    run(story)


def test_before_any_search_has_ended_a_second_is_told() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 0)
        queue.enter()
        with pytest.raises(Overloaded, match="Try again in 1 s"):
            queue.enter()

    run(story)


@pytest.mark.parametrize(("spent_s", "retry_s"), [(0.001, 1), (59.1, 60), (1000.0, 60)])
def test_the_time_to_come_back_is_a_whole_number_of_seconds_within_reason(spent_s: float, retry_s: int) -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 1)
        queue.enter()
        queue.enter()
        queue.leave(spent_s)
        queue.enter()
        with pytest.raises(Overloaded, match=f"Try again in {retry_s} s"):
            queue.enter()

    run(story)


def test_a_request_that_leaves_the_queue_delays_no_other() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 2)
        queue.enter()
        leaving, staying = queue.enter(), queue.enter()
        assert leaving is not None
        assert staying is not None
        queue.give_up(leaving)
        queue.leave(0.1)
        assert staying.done()

    run(story)


def test_a_slot_given_to_a_request_that_left_goes_to_the_next() -> None:
    async def story() -> None:
        queue = AdmissionQueue(1, 2)
        queue.enter()
        left, staying = queue.enter(), queue.enter()
        assert left is not None
        assert staying is not None
        queue.leave(0.1)
        queue.give_up(left)
        assert staying.done()

    run(story)


def routes_past_the_queue(app: FastAPI) -> list[str]:
    """The routes with a body that do not wait in the queue."""
    routes = [route for route in app.routes if isinstance(route, Route) and set(route.methods or ()) - {"GET", "HEAD"}]
    assert {route.path for route in routes} >= {"/search", "/search/image", "/explain"}
    return [route.path for route in routes if not isinstance(route, QueuedRoute)]


def test_every_route_that_takes_a_body_waits_in_the_queue(app: FastAPI) -> None:
    assert routes_past_the_queue(app) == []
    assert all(isinstance(route, Route | Mount) for route in app.routes), "a kind of route that is not looked into"


def test_a_new_search_that_does_not_declare_itself_queued_is_noticed(app: FastAPI) -> None:
    app.post("/similar")(lambda: None)
    assert routes_past_the_queue(app) == ["/similar"]


@pytest.mark.parametrize("path", ["/search", "/search/image", "/explain"])
def test_a_search_waits_before_its_body_is_parsed(app: FastAPI, path: str) -> None:
    async def story() -> None:
        queue: AdmissionQueue = app.state.admission_queue
        for _ in range(SEARCHES_AT_ONCE):
            queue.enter()
        waiting = asyncio.ensure_future(ask(app, path, b"not what any route takes"))
        await settled()
        assert (queue.waiting, waiting.done()) == (1, False)
        queue.leave(0.1)
        assert (await waiting)[0] == 422

    run(story)


def test_a_client_that_leaves_the_queue_has_nothing_searched_for_it(app: FastAPI, encoder: ColourEncoder) -> None:
    async def story() -> None:
        queue: AdmissionQueue = app.state.admission_queue
        for _ in range(SEARCHES_AT_ONCE):
            queue.enter()
        client = Client([{"type": "http.request", "body": b'{"query": "red"}', "more_body": False}])
        client.left.set()
        await app(scope_of("/search"), client.receive, client.send)
        assert (queue.waiting, encoder.text_batches, client.answered[0]["status"]) == (0, [], 499)

    run(story)


def test_an_overloaded_server_says_so_in_the_one_form_and_stays_healthy(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        go_on, loop = asyncio.Event(), asyncio.get_running_loop()

        def slow(*_: object, **__: object) -> None:
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(LIMIT_S)
            raise Overloaded(0, 1)  # any error of ours will do

        monkeypatch.setattr(engine, "search", slow)
        app = create_app(engine, Settings.read(queue_max=1))
        busy = [asyncio.ensure_future(ask(app, "/search")) for _ in range(SEARCHES_AT_ONCE + 1)]
        await settled()
        refused, figures = await ask(app, "/search"), await ask(app, "/metrics")
        assert refused[0] == 503
        assert refused[1]["retry-after"] == "1"
        assert json.loads(refused[2])["error"]["code"] == "overloaded"
        assert (await ask(app, "/healthz"))[0] == (await ask(app, "/readyz"))[0] == (await ask(app, "/"))[0] == 200
        assert b"lookwhy_searches_waiting 1.0" in figures[2]
        assert b"lookwhy_searches_refused_total 1.0" in figures[2]
        go_on.set()
        await asyncio.gather(*busy)

    run(story)


async def ask(app: FastAPI, path: str, body: bytes = b'{"query": "red"}') -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one answer: a search's, or what a GET gives."""
    client = Client([{"type": "http.request", "body": body, "more_body": False}])
    await app(scope_of(path), client.receive, client.send)
    start, *parts = client.answered
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part.get("body", b"") for part in parts)


def scope_of(path: str) -> Scope:
    return {
        "type": "http",
        "method": "POST" if path in {"/search", "/search/image", "/explain"} else "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "root_path": "",
    }
