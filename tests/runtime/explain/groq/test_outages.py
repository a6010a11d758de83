"""Groq's outages, played: whatever happens, every hit is explained in time from the evidence, and the log says why once."""

import socket
import subprocess
import sys
import threading
from time import monotonic, perf_counter, sleep

import pytest

from runtime.artefacts.remote.breaker import Breaker
from runtime.explain.groq.explainer import MAX_CALLS
from tests.conftest import ROOT
from tests.runtime.explain.groq.groq_server import (
    BY_GROQ,
    DEADLINE_S,
    FAULTS,
    FROM_CACHE,
    GOOD,
    GRACE_S,
    HITS,
    KEY,
    LOCAL,
    MODEL,
    PATIENT_S,
    QUERY,
    RETIRED,
    TRIES,
    Behaviour,
    call_once,
    drips,
    explainer_at,
    explains,
    groq_server,
    lines,
    refuses,
    sends,
    writes,
)
from tests.server_faults import resets, stays_silent


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(autouse=True, scope="module")
def _imported() -> None:
    call_once()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_hit_is_explained_within_the_deadline_with_its_true_source(fault: str) -> None:
    behave = FAULTS[fault]
    took_s: list[float] = []
    deadline_s = PATIENT_S if fault == "success" else DEADLINE_S
    with groq_server(behave or GOOD) as server:
        while not took_s or (took_s[-1] > deadline_s + GRACE_S and len(took_s) < TRIES):  # the machine may be busy at one
            with explainer_at(server.url if behave else "http://groq.invalid", deadline_s) as explainer:
                start = perf_counter()
                found = explainer.explain(QUERY, HITS)
                took_s.append(perf_counter() - start)
                assert found == (BY_GROQ if fault == "success" else LOCAL)
    assert min(took_s) <= deadline_s + GRACE_S


def test_name_resolution_that_hangs_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(60) and [])
    with explainer_at("http://groq.example", DEADLINE_S) as explainer:
        start = perf_counter()
        found = explainer.explain(QUERY, HITS)
        took_s = perf_counter() - start
    released.set()
    assert found == LOCAL
    assert took_s < DEADLINE_S + 10  # not 60, as long as the resolution hangs


@pytest.mark.parametrize(
    ("behave", "logged"),
    [
        (refuses(429, "rate_limit_exceeded", retry_after="60"), "rate limit is reached. It is not asked for 60 s."),
        (refuses(500, "internal_server_error"), "status 500"),
        (RETIRED, f"{MODEL} is retired or unknown; set GROQ_MODEL"),
        (refuses(401, "invalid_api_key", f"Invalid API Key {KEY}"), "check GROQ_API_KEY. It is not asked for 3600 s."),
        (refuses(400, f"no name\n{KEY}"), "refused the request (400 )"),
        (resets, "cannot be reached, or broke off"),
        (writes("{"), "not the JSON"),
        (explains(), "explains none"),
        (sends(200, b""), "no chat completion"),
        (sends(200, b"{}", content_encoding="gzip"), "broke off"),
    ],
)
def test_a_fault_leaves_one_clear_log_line_without_the_key(
    behave: Behaviour, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    with groq_server(behave) as server, explainer_at(server.url) as explainer:
        assert explainer.explain(QUERY, HITS) == LOCAL
    (line,) = lines(caplog)
    assert logged in line
    assert KEY not in caplog.text


def test_after_failures_in_a_row_groq_rests_and_one_line_says_so_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    now_s = [0.0]
    breaker = Breaker(max_failures=2, cool_down_s=30, clock=lambda: now_s[0])
    with groq_server(writes("{")) as server, explainer_at(server.url, breaker=breaker, cache_size=0) as explainer:
        assert [explainer.explain(QUERY, HITS) for _ in range(5)] == [LOCAL] * 5
        assert len(server.requests) == 2
        now_s[0] = 30.0
        explainer.explain(QUERY, HITS)
        assert len(server.requests) == 3
        server.behave, now_s[0] = GOOD, 89.0
        assert explainer.explain(QUERY, HITS) == LOCAL
        now_s[0] = 90.0
        assert [explainer.explain(QUERY, HITS) for _ in range(2)] == [BY_GROQ] * 2
    first, opening, probe, closing = lines(caplog)
    assert "It is not asked" not in first + probe
    assert "It is not asked for 30 s." in opening
    assert closing == "Groq explains again."


def test_a_retired_model_is_asked_once_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with groq_server(RETIRED) as server, explainer_at(server.url) as explainer:
        assert [explainer.explain(QUERY, HITS) for _ in range(10)] == [LOCAL] * 10
    assert (len(server.requests), len(lines(caplog))) == (1, 1)


def test_the_cache_answers_while_groq_rests() -> None:
    with groq_server(GOOD) as server, explainer_at(server.url) as explainer:
        explainer.explain(QUERY, HITS[:1])
        server.behave = RETIRED
        assert explainer.explain(QUERY, HITS) == [FROM_CACHE[0], LOCAL[1]]
        assert explainer.explain(QUERY, HITS) == [FROM_CACHE[0], LOCAL[1]]
        assert len(server.requests) == 2


def test_flagged_sentences_do_not_count_as_failures() -> None:
    breaker = Breaker(max_failures=1)
    with (
        groq_server(explains((7, "A sailor waves from the red boat."))) as server,
        explainer_at(server.url, breaker=breaker) as explainer,
    ):
        explainer.explain(QUERY, HITS)
        explainer.explain(QUERY, HITS)
    assert len(server.requests) == 2


def test_calls_given_up_cannot_pile_up_without_end(caplog: pytest.LogCaptureFixture) -> None:
    with groq_server(stays_silent) as server, explainer_at(server.url, 30.0) as explainer:
        waiting = [threading.Thread(target=explainer.explain, args=(QUERY, HITS)) for _ in range(MAX_CALLS)]
        for thread in waiting:
            thread.start()
        deadline = monotonic() + 25
        while len(server.requests) < MAX_CALLS:
            assert monotonic() < deadline, f"only {len(server.requests)} calls arrived"
            sleep(0.01)
        assert explainer.explain(QUERY, HITS) == LOCAL
        assert f"{MAX_CALLS} calls are still unanswered" in caplog.text
        server.behave = GOOD
        server.released.set()
        for thread in waiting:
            thread.join()
        assert {explanation.source for explanation in explainer.explain(QUERY, HITS)} <= {"cache", f"groq:{MODEL}"}


def test_an_abandoned_call_does_not_hold_up_the_exit() -> None:
    with groq_server(drips) as server:
        code = (
            "from runtime.explain.groq.explainer import open_explainer; "
            "from runtime.explain.options import GroqOptions; from runtime.search.evidence import Evidence; "
            "from runtime.search.query import parse_query; from tests.runtime.explain.hits import hit_of; "
            f"e = open_explainer('k', GroqOptions('m', 500, 0.5, {server.url!r})); "
            "print(e.explain(parse_query('a dog'), [hit_of(1, 'a.jpg', 'a dog', Evidence(0.3))])[0].source)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=90, check=True)
    assert done.stdout.strip() == "evidence"
