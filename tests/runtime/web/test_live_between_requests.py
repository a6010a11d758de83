"""Where nothing runs between requests, another release is looked for before one of them."""

import threading

import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from runtime.engine import Engine
from runtime.web.live_engine import LiveEngine, LookBetweenRequests
from tests.runtime.web.played_releases import PlayedSource, generation, played_source


@pytest.fixture
def source(engine: Engine) -> PlayedSource:
    return played_source(engine)


@pytest.fixture
def live(source: PlayedSource) -> LiveEngine:
    return LiveEngine(source)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def test_between_requests_is_looked_at_most_every_so_many_seconds(live: LiveEngine, source: PlayedSource) -> None:
    clock = Clock()
    client = TestClient(LookBetweenRequests(app, live, clock=clock))
    source.lies_there = "g2"
    clock.now = live.check_s - 0.1
    assert client.get("/").text == "ok"
    assert generation(live) == "g1"
    clock.now = live.check_s
    assert client.get("/").text == "ok"
    assert generation(live) == "g2"


def test_a_release_that_opens_slowly_does_not_hold_the_request_up(live: LiveEngine, source: PlayedSource) -> None:
    clock, may_open = Clock(), threading.Event()
    opens = source.open

    def slow_open(*, warm: bool = False) -> Engine:
        assert may_open.wait(60)
        return opens(warm=warm)

    source.open = slow_open  # type: ignore[method-assign]  # played
    source.lies_there, clock.now = "g2", live.check_s
    client = TestClient(LookBetweenRequests(app, live, waited_max_s=0.01, clock=clock))
    clock.now += live.check_s
    assert client.get("/").text == "ok"
    assert generation(live) == "g1"
    [looking] = [thread for thread in threading.enumerate() if thread.name == "releases"]
    may_open.set()
    looking.join()
    assert generation(live) == "g2"


def test_where_it_is_switched_off_nothing_is_looked_for(source: PlayedSource) -> None:
    live, clock = LiveEngine(source, check_s=0), Clock()
    client = TestClient(LookBetweenRequests(app, live, clock=clock))
    source.lies_there, clock.now = "g2", 1e9
    assert client.get("/").text == "ok"
    assert generation(live) == "g1"
