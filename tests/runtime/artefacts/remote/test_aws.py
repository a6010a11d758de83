"""What is read from S3 although connections break off, and what each fault is called."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.remote_faults import RemoteAbsent, RemoteChanged, RemoteUnreachable
from runtime.errors import RemoteRefused
from tests.ports import free_port

CONTENT = bytes(range(256)) * 10_000
TAG = '"of this object"'


@pytest.fixture(params=["boto3", "signed"], autouse=True)
def asking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test asks by boto3 alone, and as on Lambda, where boto3 follows on what is no plain success."""
    if request.param == "signed":
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "lookwhy")
    return str(request.param)


class BreakingServer(http.server.BaseHTTPRequestHandler):
    """An S3 with one object, which breaks off in the middle of so many answers, or answers with errors alone."""

    breaks = 0
    fault: tuple[int, str] | None = None
    tag = TAG
    ranges: list[str | None]

    def do_GET(self) -> None:
        self.ranges.append(self.headers["Range"])
        if self.fault or self.headers.get("If-Match", self.tag) != self.tag:
            status, code = self.fault or (412, "PreconditionFailed")
            body = f"<Error><Code>{code}</Code></Error>".encode()
            self._answer(status, body, len(body))
            return
        first = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        rest = CONTENT[first:]
        is_cut, type(self).breaks = self.breaks > 0, self.breaks - 1
        self._answer(206 if first else 200, rest[: len(rest) // 2] if is_cut else rest, len(rest))
        self.close_connection = True

    def _answer(self, status: int, body: bytes, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", self.tag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch, **behaviour: object) -> Iterator[type[BreakingServer]]:
    kind = type("Server", (BreakingServer,), {"ranges": [], **behaviour})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "eu-central-1")
    monkeypatch.setattr("runtime.artefacts.remote.aws.RETRIED_AFTER_S", (0.0, 0.0))
    try:
        yield kind
    finally:
        server.shutdown()
        server.server_close()


def bucket() -> Bucket:
    return Bucket("s3://bucket/index", "Mend it.")


def test_the_rest_of_an_answer_that_broke_off_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with breaking(monkeypatch, breaks=2) as server:
        assert b"".join(bucket().chunks("file")) == CONTENT
    half, three_quarters = len(CONTENT) // 2, len(CONTENT) * 3 // 4
    assert server.ranges == [None, f"bytes={half}-", f"bytes={three_quarters}-"]


def test_an_answer_that_breaks_off_again_and_again_is_given_up(monkeypatch: pytest.MonkeyPatch, asking: str) -> None:
    with breaking(monkeypatch, breaks=9) as server, pytest.raises(RemoteUnreachable) as raised:
        list(bucket().chunks("file"))
    assert len(server.ranges) == {"boto3": 3, "signed": 4}[asking]
    assert raised.value.passes


def test_of_an_object_that_is_exchanged_meanwhile_nothing_is_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    with breaking(monkeypatch, breaks=1) as server:
        chunks = bucket().chunks("file")
        next(chunks)
        server.tag = '"of another"'
        with pytest.raises(RemoteChanged):
            list(chunks)


@pytest.mark.parametrize(
    ("status", "code", "kind", "passes"),
    [
        (404, "NoSuchKey", RemoteAbsent, False),
        (403, "AccessDenied", RemoteRefused, False),
        (503, "SlowDown", RemoteUnreachable, True),
        (500, "InternalError", RemoteUnreachable, True),
        (400, "ExpiredToken", RemoteRefused, False),
    ],
)
def test_each_fault_says_whether_it_may_pass(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, kind: type[RemoteRefused], passes: bool
) -> None:
    with breaking(monkeypatch, fault=(status, code)), pytest.raises(RemoteRefused) as raised:
        list(bucket().chunks("file"))
    assert (type(raised.value), raised.value.passes) == (kind, passes)


def test_a_server_that_nobody_reaches_may_be_there_in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    with breaking(monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(RemoteUnreachable):
            bucket().tag("file")
