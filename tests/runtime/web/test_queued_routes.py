"""Which routes wait in the queue, before their body is parsed, and what an overloaded server answers."""

import asyncio
import json

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route
from starlette.types import Scope

from runtime.engine import Engine
from runtime.errors import Overloaded
from runtime.settings import Settings
from runtime.web.admission import AdmissionQueue
from runtime.web.api import SEARCHES_AT_ONCE, create_app
from runtime.web.routes.routing import QueuedRoute
from tests.runtime.conftest import ColourEncoder
from tests.runtime.web.slow_requests import LIMIT_S, Client, run, settled


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
