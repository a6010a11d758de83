"""Connections: how long each kind of slow client is waited for, who is dropped when there are too many, how an end comes."""

import json
import re
from typing import Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from runtime.web.server.connections import KEEP_ALIVE_S, Connections, Wait
from tests.runtime.web.clocks import ListTransport, connect, pass_time, run_on_set_clock

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n"


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body of a POST, then answer: a little, or a megabyte below /large."""
    message = await receive() if scope["method"] == "POST" else {}
    while message.get("more_body"):
        message = await receive()
    answer: Response = PlainTextResponse("a" * (1_000_000 if scope["path"] == "/large" else 2))
    await answer(scope, receive, send)


@pytest.fixture
def config() -> Any:
    config = uvicorn.Config(answering, log_config=None, access_log=False, timeout_keep_alive=KEEP_ALIVE_S, ws="none")
    config.load()
    return config


@pytest.fixture
def counted() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def connections(counted: list[tuple[str, int]]) -> Connections:
    return Connections(3, lambda route, status, _seconds: counted.append((route, status)))


def fault_of(transport: ListTransport) -> tuple[int, str]:
    """The status and the code of an error in the one form, with the safe headers and the end of the connection."""
    head, _, body = transport.written.partition(b"\r\n\r\n")
    assert b"x-content-type-options: nosniff" in head
    assert b"connection: close" in head
    assert transport.is_closed
    return int(head[9:12]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize(
    ("sent", "limit_s", "status"),
    [
        ([], Wait.HEAD.value, None),  # a browser that connects in advance gets no answer to what it did not ask
        ([b"GET / HT"], Wait.HEAD.value, 408),
        ([b"GET / HT", b"TP", b"/1.1\r\n"], Wait.HEAD.value, 408),
        ([GET], Wait.REQUEST.value, 200),
        ([GET, b"GET"], Wait.HEAD.value, 200),
    ],
)
def test_a_client_is_waited_for_so_long_and_no_longer(
    config: Any, connections: Connections, sent: list[bytes], limit_s: float, status: int | None
) -> None:
    async def story() -> None:
        protocol, transport = connect(config, connections)
        for part in sent:
            protocol.data_received(part)
            await pass_time(0)
        await pass_time(limit_s - 0.5)
        assert not transport.is_closed
        await pass_time(1)
        assert transport.is_closed
        assert (int(transport.written[9:12]) if transport.written else None) == status
        assert not connections.connections
        assert not connections.opened

    run_on_set_clock(story)


def test_bytes_that_drip_do_not_prolong_the_deadline(config: Any, connections: Connections, counted: list[Any]) -> None:
    async def story() -> None:
        protocol, transport = connect(config, connections)
        protocol.data_received(b"GET / HTTP/1.1\r\nx: ")
        for _ in range(int(Wait.HEAD.value)):
            assert not transport.is_closed
            protocol.data_received(b"a")
            await pass_time(1)
        assert fault_of(transport) == (408, "request_timeout")
        assert counted == [("unmatched", 408)]

    run_on_set_clock(story)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"NONSENSE\r\n\r\n", (400, "http_malformed")),
        (b"\x16\x03\x01\x02\x00\x01\x00\xff\r\n\r\n", (400, "http_malformed")),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"a" * 70_000, (431, "headers_too_large")),
        (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", (400, "http_malformed")),
        (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n", (400, "http_malformed")),
    ],
)
def test_what_is_no_http_is_refused_in_the_one_form_and_counted(
    config: Any, connections: Connections, counted: list[Any], sent: bytes, fault: tuple[int, str]
) -> None:
    async def story() -> None:
        protocol, transport = connect(config, connections)
        protocol.data_received(sent)
        await pass_time(0)
        assert fault_of(transport) == fault
        assert counted == [("unmatched", fault[0])]

    run_on_set_clock(story)


def test_the_rest_of_a_body_that_nobody_reads_is_waited_for_shortly(config: Any, connections: Connections) -> None:
    async def story() -> None:
        protocol, transport = connect(config, connections)
        protocol.data_received(b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n1")
        await pass_time(0)
        assert transport.written.startswith(b"HTTP/1.1 200")
        for _ in range(int(Wait.REST.value)):
            assert not transport.is_closed
            protocol.data_received(b"1")
            await pass_time(1)
        assert transport.is_aborted

    run_on_set_clock(story)


def test_a_client_that_does_not_read_its_answer_is_dropped(config: Any, connections: Connections) -> None:
    async def story() -> None:
        protocol, transport = connect(config, connections, reads=False)
        protocol.data_received(GET.replace(b"/ ", b"/large "))
        await pass_time(0)
        await pass_time(Wait.READER.value - 0.5)
        assert not transport.is_closed
        await pass_time(1)
        assert transport.is_aborted

    run_on_set_clock(story)


@pytest.mark.parametrize("unfinished", [b"G", b"GET / HT", POST, POST + b"123"])
def test_the_connection_that_waits_longest_gives_way_to_a_new_one(
    config: Any, connections: Connections, unfinished: bytes
) -> None:
    async def story() -> None:
        waiting = []
        for _ in range(3):
            protocol, transport = connect(config, connections)
            protocol.data_received(unfinished)
            await pass_time(0.1)
            waiting.append(transport)
        for dropped in range(4):
            asking, answered = connect(config, connections)
            asking.data_received(GET)
            await pass_time(0)
            assert answered.written.startswith(b"HTTP/1.1 200")
            assert [transport.is_aborted for transport in waiting].count(True) == min(dropped + 1, 3)
        assert len(connections.opened) == 3

    run_on_set_clock(story)


def test_a_request_that_is_being_answered_is_not_dropped_while_another_waits(config: Any, connections: Connections) -> None:
    async def story() -> None:
        config.loaded_app = lambda *_: pass_time(0)  # begins, and does not end in this story
        busy, transport = connect(config, connections)
        busy.data_received(GET)
        others = [connect(config, connections)[1] for _ in range(5)]
        assert not transport.is_closed
        assert [other.is_aborted for other in others] == [True, True, True, False, False]

    run_on_set_clock(story)


def test_where_all_are_being_answered_the_oldest_gives_way(config: Any, connections: Connections) -> None:
    async def story() -> None:
        config.loaded_app = lambda *_: pass_time(0)
        transports = []
        for _ in range(4):
            protocol, transport = connect(config, connections)
            protocol.data_received(GET)
            transports.append(transport)
        assert [transport.is_aborted for transport in transports] == [True, False, False, False]

    run_on_set_clock(story)


@pytest.mark.parametrize(("sent", "ends_after_s"), [(b"", 0), (b"GET", 0), (GET, 0), (POST + b"1", 0), (b"large", 3)])
def test_a_server_that_ends_waits_for_no_client_but_a_little_for_one_that_reads(
    config: Any, connections: Connections, sent: bytes, ends_after_s: float
) -> None:
    async def story() -> None:
        protocol, _ = connect(config, connections, reads=sent != b"large")
        if sent:
            protocol.data_received(GET.replace(b"/ ", b"/large ") if sent == b"large" else sent)
        await pass_time(0)
        protocol.shutdown()
        await pass_time(0)
        assert bool(connections.connections) is (ends_after_s > 0)
        await pass_time(ends_after_s)
        assert not connections.connections

    run_on_set_clock(story)


def test_requests_that_are_sent_at_once_are_answered_in_order(config: Any, connections: Connections) -> None:
    async def story() -> None:
        protocol, transport = connect(config, connections)
        protocol.data_received(GET + POST + b"1234" + GET + b"NONSENSE\r\n\r\n")
        await pass_time(0)
        statuses = re.findall(rb"HTTP/1.1 (\d{3}) ", transport.written)
        assert statuses == [b"200", b"200", b"200", b"400"]

    run_on_set_clock(story)
