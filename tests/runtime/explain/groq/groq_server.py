"""Groq, played by a real HTTP server on this machine: each test says how it behaves, the real package calls it."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runtime.artefacts.remote.breaker import Breaker
from runtime.explain.groq.client import GroqClient
from runtime.explain.groq.explainer import GroqExplainer
from runtime.explain.sentences import EvidenceExplainer
from runtime.search.evidence import Evidence, Explanation
from runtime.search.query import parse_query
from tests.runtime.explain.hits import hit_of
from tests.server_faults import Player, PlayingServer, resets

KEY = "gsk_never_to_be_logged"
MODEL = "openai/gpt-oss-120b"
Behaviour = Callable[["GroqPlayer"], None]
# Of the tests of deadlines: the deadline, how much later an answer may come, how often a busy machine may try again.
DEADLINE_S, GRACE_S, TRIES = 0.6, 0.25, 10
PATIENT_S = 30  # for what does not fail, and must not for a busy machine's sake


class GroqPlayer(Player):
    """One request to Groq; `server.behave` answers it."""

    protocol_version = "HTTP/1.1"
    server: "GroqServer"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(request)
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers["authorization"])
        try:
            self.server.behave(self)
        except (BrokenPipeError, ConnectionResetError):  # the caller gave up, as it should
            self.close_connection = True

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


class GroqServer(PlayingServer):
    """Keeps what it was asked; `released` ends every slow answer when the test is over."""

    daemon_threads = True
    request_queue_size = 64  # the default of 5 drops calls that come at once, where the machine is busy

    def __init__(self, behave: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), GroqPlayer)
        self.behave, self.released = behave, threading.Event()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def groq_server(behave: Behaviour) -> Iterator[GroqServer]:
    """Serve until the block ends."""
    server = GroqServer(behave)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        serving.join()


@contextmanager
def explainer_at(
    url: str,
    timeout_s: float = 10.0,
    *,
    key: str = KEY,
    model: str = MODEL,
    cache_size: int = 100,
    breaker: Breaker | None = None,
) -> Iterator[GroqExplainer]:
    """Ask there, and pause next to nothing between tries."""
    client = GroqClient(key, model=model, max_tokens=1024, base_url=url, first_pause_s=0.01)
    explainer = GroqExplainer(client, timeout_s=timeout_s, cache_size=cache_size, breaker=breaker or Breaker())
    try:
        yield explainer
    finally:
        explainer.close()


def writes(content: str | None, finish_reason: str = "stop") -> Behaviour:
    """Answer with what the model wrote."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": content}}
    completion = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return sends(200, json.dumps(completion).encode())


def explains(*sentences: tuple[Any, Any]) -> Behaviour:
    """Answer with (id, sentence) pairs in the agreed form."""
    pairs = [{"id": hit_id, "sentence": sentence} for hit_id, sentence in sentences]
    return writes(json.dumps({"explanations": pairs}))


def refuses(status: int, code: str, message: str = "no", **headers: str) -> Behaviour:
    """Answer with an error in Groq's form."""
    error = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
    return sends(status, json.dumps(error).encode(), **headers)


def sends(status: int, body: bytes, **headers: str) -> Behaviour:
    """Answer with these bytes."""
    return lambda player: player.answer(status, body, **headers)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Answer each request with the next of these, and all further ones with the last."""
    waiting = list(behaviours)

    def behave(player: GroqPlayer) -> None:
        (waiting.pop(0) if len(waiting) > 1 else waiting[0])(player)

    return behave


def drips(player: GroqPlayer) -> None:
    """Send a byte now and then, each within any read timeout, and never come to an end."""
    player.send_response(200)
    player.send_header("content-type", "application/json")
    player.send_header("content-length", "100000")
    player.end_headers()
    while not player.server.released.wait(0.02):
        player.wfile.write(b" ")


# A search of two hits, what the evidence says of them, and what Groq says on a good day.
QUERY = parse_query("a red boat")
HITS = [
    hit_of(7, "7.jpg", "a red boat on the sea", Evidence(0.31, match_probability=0.97, verdict="strong")),
    hit_of(9, "9.jpg", None, Evidence(0.1, match_probability=0.04, verdict="none")),
]
LOCAL = EvidenceExplainer().explain(QUERY, HITS)
FITS, FITS_NOT = "The caption mentions a red boat on the sea.", "Without a caption, nothing points to a red boat."
GOOD = explains((9, FITS_NOT), (7, FITS))
BY_GROQ = [Explanation(FITS, f"groq:{MODEL}"), Explanation(FITS_NOT, f"groq:{MODEL}")]
FROM_CACHE = [Explanation(FITS, "cache"), Explanation(FITS_NOT, "cache")]
RETIRED = refuses(400, "model_decommissioned", "The model has been decommissioned")
# Every way in which Groq is known to behave; without DNS there is no server to behave at all.
FAULTS: dict[str, Behaviour | None] = {
    "success": GOOD,
    "slow drip": drips,
    "429": refuses(429, "rate_limit_exceeded", retry_after="60"),
    "500": refuses(500, "internal_server_error"),
    "bad JSON": writes('{"explanations": [{"id": 7, '),
    "wrong ids": explains((1, FITS), (2, FITS_NOT)),
    "empty": explains(),
    "retired": RETIRED,
    "reset": resets,
    "no DNS": None,
}


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What our own code logged at WARNING or above."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("runtime") and record.levelno >= logging.WARNING
    ]


def call_once() -> None:
    """Make one call with time enough, so that no deadline of a test pays for the package's import."""
    with pytest.MonkeyPatch.context() as patch, groq_server(GOOD) as server, explainer_at(server.url) as explainer:
        patch.setenv("NO_PROXY", "*")
        assert explainer.explain(QUERY, HITS) == BY_GROQ
