"""The real groq package against a server that plays Groq: what is sent, what is tried again, and when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from time import monotonic, time

import pytest

from runtime.explain.groq import client as client_module
from runtime.explain.groq.client import MAX_ANSWER_BYTES, MAX_TRIES, GroqClient, endpoints_at
from runtime.explain.groq.faults import NoAnswer
from tests.runtime.explain.groq.groq_server import (
    KEY,
    MODEL,
    Behaviour,
    GroqServer,
    drips,
    groq_server,
    in_turn,
    refuses,
    sends,
)
from tests.server_faults import resets, stays_silent

MESSAGES = [{"role": "user", "content": "{}"}]
BUSY, FULL = refuses(500, "internal_server_error"), refuses(429, "rate_limit_exceeded")
DONE = sends(200, b"done")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@contextmanager
def client_at(url: str, *, key: str = KEY, model: str = MODEL, first_pause_s: float = 0.01) -> Iterator[GroqClient]:
    client = GroqClient(key, model=model, max_tokens=1024, base_url=url, first_pause_s=first_pause_s)
    try:
        yield client
    finally:
        client.close()


def answer(behave: Behaviour, time_s: float = 10.0) -> tuple[bytes | NoAnswer, GroqServer]:
    """Return what the client gives or raises, and the server that it asked."""
    with groq_server(behave) as server, client_at(server.url) as client:
        try:
            return client.complete(MESSAGES, monotonic() + time_s), server
        except NoAnswer as fault:
            return fault, server


def test_the_call_asks_for_strict_json_at_temperature_0() -> None:
    body, server = answer(DONE)
    (request,) = server.requests
    assert body == b"done"
    assert server.keys == [f"Bearer {KEY}"]
    assert (request["model"], request["messages"]) == (MODEL, MESSAGES)
    assert (request["temperature"], request["max_completion_tokens"]) == (0, 1024)
    assert request["reasoning_effort"] == "low"
    assert request["response_format"]["json_schema"]["strict"] is True


def test_other_models_are_not_sent_a_reasoning_effort_they_would_refuse() -> None:
    with groq_server(DONE) as server, client_at(server.url, model="llama-3.3-70b-versatile") as client:
        client.complete(MESSAGES, monotonic() + 10)
    assert "reasoning_effort" not in server.requests[0]


def only_at(path: str) -> Behaviour:
    """Answer at one address, as a server of its kind does, and refuse all others as Groq does."""
    unknown = refuses(404, "unknown_url")
    return lambda player: (DONE if player.path == path else unknown)(player)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/openai/v1", "/openai/v1/"])
@pytest.mark.parametrize("path", ["/openai/v1/chat/completions", "/v1/chat/completions"])
def test_the_address_of_any_openai_compatible_server_will_do_with_its_ending_or_without(ending: str, path: str) -> None:
    with groq_server(only_at(path)) as server, client_at(server.url + ending) as client:
        assert client.complete(MESSAGES, monotonic() + 10) == b"done"
        assert client.complete(MESSAGES, monotonic() + 10) == b"done"
    assert server.paths[-2:] == [path, path]  # what was found is kept


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("https://api.groq.com", "https://api.groq.com/openai/v1/chat/completions"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1/chat/completions"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions"),
        ("https://host/proxy/v1", "https://host/proxy/v1/chat/completions"),
        ("https://host/v1beta/openai", "https://host/v1beta/openai/chat/completions"),
    ],
)
def test_the_version_that_an_address_names_is_asked_first(address: str, first: str) -> None:
    assert endpoints_at(address)[0] == first


def test_where_no_address_of_a_server_takes_chat_completions_each_was_tried_once() -> None:
    with (
        groq_server(only_at("/elsewhere")) as server,
        client_at(server.url + "/v1") as client,
        pytest.raises(NoAnswer, match="GROQ_BASE_URL"),
    ):
        client.complete(MESSAGES, monotonic() + 10)
    assert server.paths == ["/v1/chat/completions", "/openai/v1/chat/completions"]


@pytest.mark.parametrize("passing", [FULL, BUSY, sends(503, b"<html>upstream</html>"), resets])
def test_a_passing_fault_is_met_with_another_try(passing: Behaviour) -> None:
    body, server = answer(in_turn(passing, passing, DONE))
    assert (body, len(server.requests)) == (b"done", MAX_TRIES)


def test_tries_come_to_an_end() -> None:
    fault, server = answer(BUSY)
    assert "status 500" in str(fault)
    assert len(server.requests) == MAX_TRIES


@pytest.mark.parametrize(("first_pause_s", "pauses"), [(0.25, [0.25, 0.5]), (1.5, [1.5, 2.0])])
def test_of_three_tries_the_second_pause_is_twice_as_long_but_no_more_than_two_seconds(
    monkeypatch: pytest.MonkeyPatch, first_pause_s: float, pauses: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(client_module, "sleep", slept.append)
    monkeypatch.setattr(client_module, "uniform", lambda least, most: most)  # full jitter: anything up to this
    with (
        groq_server(BUSY) as server,
        client_at(server.url, first_pause_s=first_pause_s) as client,
        pytest.raises(NoAnswer, match="status 500"),
    ):
        client.complete(MESSAGES, monotonic() + 60)
    assert (slept, len(server.requests)) == (pauses, 3)


@pytest.mark.parametrize(
    "lasting",
    [
        refuses(400, "json_validate_failed"),
        refuses(400, "model_decommissioned"),
        refuses(401, "invalid_api_key"),
        refuses(404, "model_not_found"),
        refuses(413, "request_too_large"),
        refuses(422, "unprocessable"),
        sends(200, b"{}", content_encoding="gzip"),
        sends(200, b"x" * (MAX_ANSWER_BYTES + 1)),
    ],
)
def test_other_faults_are_not_tried_again(lasting: Behaviour) -> None:
    fault, server = answer(in_turn(lasting, DONE))
    assert isinstance(fault, NoAnswer)
    assert len(server.requests) == 1


@pytest.mark.parametrize("wait", ["0.4", lambda: formatdate(time() + 2, usegmt=True)])
def test_retry_after_is_waited_for(wait: object) -> None:
    header = wait() if callable(wait) else str(wait)
    start = monotonic()
    body, server = answer(in_turn(refuses(429, "rate_limit_exceeded", retry_after=header), DONE))
    assert (body, len(server.requests)) == (b"done", 2)
    assert monotonic() - start >= 0.4


def test_retry_after_beyond_the_deadline_ends_it_at_once_and_is_handed_on() -> None:
    fault, server = answer(refuses(429, "rate_limit_exceeded", retry_after="60"), time_s=2.0)
    assert isinstance(fault, NoAnswer)
    assert ("rate limit" in str(fault), fault.rest_s, len(server.requests)) == (True, 60.0, 1)


def test_no_try_is_begun_that_does_not_fit_into_the_time_left() -> None:
    fault, server = answer(refuses(503, "", retry_after="0.95"), time_s=1.0)
    assert isinstance(fault, NoAnswer)
    assert len(server.requests) == 1


@pytest.mark.parametrize("behave", [drips, stays_silent])
def test_a_slow_answer_ends_at_the_deadline_and_is_not_asked_for_twice(behave: Behaviour) -> None:
    start = monotonic()
    fault, server = answer(behave, time_s=0.6)
    assert "GROQ_TIMEOUT_S" in str(fault)
    assert len(server.requests) == 1
    assert 0.5 < monotonic() - start < 5


def test_an_unknown_host_cannot_be_reached() -> None:
    with (
        client_at("http://groq.invalid") as client,
        pytest.raises(NoAnswer, match=r"http://groq\.invalid cannot be reached"),
    ):
        client.complete(MESSAGES, monotonic() + 5)


@pytest.mark.parametrize(
    ("url", "key"), [("http://[::bad", KEY), ("http://127.0.0.1:1", "key\u2026"), ("http://127.0.0.1:1", f"{KEY}\nx: y")]
)
def test_an_unusable_url_or_key_is_a_fault_that_keeps_the_key_to_itself(url: str, key: str) -> None:
    with client_at(url, key=key) as client, pytest.raises(NoAnswer) as fault:
        client.complete(MESSAGES, monotonic() + 5)
    assert key not in str(fault.value)
    assert KEY not in str(fault.value)


def test_a_line_break_after_the_key_is_forgiven() -> None:
    with groq_server(DONE) as server, client_at(server.url, key=f"{KEY}\n") as client:
        assert client.complete(MESSAGES, monotonic() + 5) == b"done"
