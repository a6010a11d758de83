"""Requests whose target is a whole address, as proxies send them: answered as their path, checked by the address's host."""

import pytest
import uvicorn
from starlette.testclient import TestClient

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.server.absolute_target import AbsoluteTarget
from runtime.web.server.connections import Connections
from tests.runtime.web.clocks import connect, pass_time, run_on_set_clock


def status_of(engine: Engine, head: str, **settings: str) -> int:
    """The status that one request is answered with over a real connection's protocol."""
    app = AbsoluteTarget(create_app(engine, Settings.read(**settings)))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none")
    config.load()
    written: list[bytes] = []

    async def story() -> None:
        connections = Connections(3, lambda *_: None)
        protocol, transport = connect(config, connections)
        protocol.data_received(head.encode())
        while connections.tasks:
            await pass_time(0)
        written.append(transport.written)

    run_on_set_clock(story)
    return int(written[0][9:12])


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://127.0.0.1:8000/healthz", 200),
        ("HTTP://localhost/healthz?x=http://a/b", 200),
        ("https://[::1]:8000/healthz", 200),
        ("http://localhost", 200),
        ("http://localhost?q=a+boat", 200),
        ("http://localhost/health%7A", 200),
        ("http://localhost/images/%2e%2e/manifest.json", 404),
        ("http://localhost/nothing", 404),
        ("http:///healthz", 421),
        ("http://evil.example/healthz", 421),
        ("http://user@localhost/healthz", 421),
        ("http://localhost#/healthz", 404),
        ("ftp://localhost/healthz", 404),
    ],
)
def test_the_address_says_path_and_host(engine: Engine, target: str, status: int) -> None:
    assert status_of(engine, f"GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n") == status


def test_the_host_header_is_passed_over(engine: Engine) -> None:
    assert status_of(engine, "GET http://localhost/healthz HTTP/1.1\r\nhost: evil.example\r\n\r\n") == 200
    assert status_of(engine, "GET /healthz HTTP/1.1\r\nhost: evil.example\r\n\r\n") == 421


def test_a_page_is_told_by_the_address_too(engine: Engine) -> None:
    head = "POST http://{}/logout HTTP/1.1\r\nhost: x\r\norigin: http://localhost:8000\r\ncontent-length: 0\r\n\r\n"
    assert status_of(engine, head.format("localhost:8000")) == 404
    assert status_of(engine, head.format("localhost:9000")) == 403


def test_below_a_prefix_it_is_answered_likewise(engine: Engine) -> None:
    head = "GET http://localhost/photos/healthz HTTP/1.1\r\nhost: x\r\n\r\n"
    assert status_of(engine, head, root_path="/photos") == 200


def test_a_path_is_passed_on_as_it_is(engine: Engine) -> None:
    client = TestClient(AbsoluteTarget(create_app(engine, Settings.read())))
    assert client.get("/healthz").status_code == 200
