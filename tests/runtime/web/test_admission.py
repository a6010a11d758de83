"""Admission: whom it lets pass, who waits, who is refused, and what happens to those who leave."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from runtime.engine import Engine
from runtime.errors import Overloaded
from runtime.settings import Settings
from runtime.web.admission import Admission
from runtime.web.admission_queue import Turnstile
from runtime.web.api import SEARCHES_AT_ONCE, create_app

LIMIT_S = 120
SEARCH, HEALTH = {"type": "http", "path": "/search"}, {"type": "http", "path": "/healthz"}


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
class SlowApp:
    """Reads a whole body, and answers when it may."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        await self.go_on.wait()
        await PlainTextResponse("done")(scope, receive, send)


def refusal(error: Overloaded) -> PlainTextResponse:
    return PlainTextResponse(str(error), status_code=503)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), LIMIT_S))


@dataclass
class Door:
    """An admission with one place before a slow app."""

    queue_max: int
    app: SlowApp = field(default_factory=SlowApp)

    def __post_init__(self) -> None:
        self.turnstile = Turnstile(1, self.queue_max)
        self._admission = Admission(self.app, turnstile=self.turnstile, paths=frozenset({"/search"}), refuse=refusal)

    async def ask(self, client: Client, scope: Scope = SEARCH) -> "asyncio.Task[None]":
        """Begin a request, and return when it has got as far as it gets for now."""
        task = asyncio.ensure_future(self._admission(scope, client.receive, client.send))
        await settled()
        return task


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_searches_wait_in_line_and_hear_their_whole_body() -> None:
    async def story() -> None:
        door = Door(queue_max=2)
        clients = [Client([{"type": "http.request", "body": body, "more_body": False}]) for body in (b"1", b"2", b"3")]
        tasks = [await door.ask(client) for client in clients]
        assert (door.app.bodies, door.turnstile.waiting) == ([b"1"], 2)
        door.app.go_on.set()
        await asyncio.gather(*tasks)
        assert door.app.bodies == [b"1", b"2", b"3"]
        assert [client.answered[0]["status"] for client in clients] == [200, 200, 200]

    run(story)


def test_a_body_in_parts_is_read_only_at_its_turn() -> None:
    async def story() -> None:
        door = Door(queue_max=1)
        first = await door.ask(Client())
        parts: list[Message] = [{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)]
        client = Client(parts)
        second = await door.ask(client)
        assert len(client.parts) == 2
        door.app.go_on.set()
        await asyncio.gather(first, second)
        assert door.app.bodies[1] == b"xxx"

    run(story)


def test_a_client_that_leaves_while_it_waits_costs_nothing_more() -> None:
    async def story() -> None:
        door = Door(queue_max=2)
        first = await door.ask(Client())
        leaving, staying = Client(), Client()
        second, third = await door.ask(leaving), await door.ask(staying)
        leaving.left.set()
        await second
        assert (door.turnstile.waiting, leaving.answered) == (1, [])
        door.app.go_on.set()
        await asyncio.gather(first, third)
        assert len(door.app.bodies) == 2

    run(story)


def test_a_request_that_the_server_gives_up_leaves_the_queue() -> None:
    async def story() -> None:
        door = Door(queue_max=1)
        first = await door.ask(Client())
        second = await door.ask(Client())
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert door.turnstile.waiting == 0
        door.app.go_on.set()
        await first
        assert door.turnstile.enter() is None

    run(story)


def test_past_the_queue_a_search_is_refused_at_once_and_everything_else_passes() -> None:
    async def story() -> None:
        door = Door(queue_max=0)
        first = await door.ask(Client())
        refused, healthy = Client(), Client()
        await (await door.ask(refused))
        assert refused.answered[0]["status"] == 503
        passing = await door.ask(healthy, HEALTH)
        assert len(door.app.bodies) == 2
        door.app.go_on.set()
        await asyncio.gather(first, passing)

    run(story)


def test_a_search_that_fails_gives_its_place_back() -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    async def story() -> None:
        turnstile = Turnstile(1, 0)
        admission = Admission(fail, turnstile=turnstile, paths=frozenset({"/search"}), refuse=refusal)
        with pytest.raises(RuntimeError, match="broken"):
            await admission(SEARCH, Client().receive, Client().send)
        assert turnstile.enter() is None

    run(story)


def test_an_overloaded_server_says_so_in_the_one_form_and_stays_healthy(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        go_on, loop = asyncio.Event(), asyncio.get_running_loop()

        def slow(*_: object, **__: object) -> None:
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(LIMIT_S)
            raise Overloaded(0, 1)  # any error of ours will do

        monkeypatch.setattr(engine, "search_by_text", slow)
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


async def ask(app: FastAPI, path: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one answer: a search's, or what a GET gives."""
    client = Client([{"type": "http.request", "body": b'{"query": "red"}', "more_body": False}])
    scope = {
        "type": "http",
        "method": "POST" if path == "/search" else "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "root_path": "",
    }
    await app(scope, client.receive, client.send)
    start, *parts = client.answered
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part.get("body", b"") for part in parts)
