"""Requests to S3 without a client of boto3, over connections that are kept, on Lambda alone."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.signed_s3 import SignedS3

REGION = "eu-central-1"
ON_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "lookwhy",
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
WRITTEN = "Sun, 29 Nov 2026 11:00:00 GMT"
CONTENT = bytes(range(256)) * 3


@pytest.mark.parametrize(
    "changed",
    [
        {"AWS_LAMBDA_FUNCTION_NAME": None},
        {"AWS_ACCESS_KEY_ID": None},
        {"AWS_REGION": None},
        {"AWS_REGION": "cn-north-1"},
        {"AWS_REGION": "us-gov-west-1"},
        {"HTTPS_PROXY": "http://proxy:3128"},
        {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"},
    ],
)
def test_where_more_is_asked_for_than_lambdas_own_variables_boto3_is_needed(changed: dict[str, str | None]) -> None:
    given = {name: value for name, value in (ON_LAMBDA | changed).items() if value is not None}
    assert SignedS3.of("pictures", given) is None
    assert SignedS3.of("pictures", ON_LAMBDA) is not None


def test_a_bucket_with_a_dot_in_its_name_is_asked_for_by_boto3() -> None:
    assert SignedS3.of("pictures.example.com", ON_LAMBDA) is None


class KeepingServer(http.server.BaseHTTPRequestHandler):
    """An S3 that keeps connections, and counts them; it closes one after so many answers without saying so."""

    protocol_version = "HTTP/1.1"
    connections: list[int]
    answers_each = 100

    def setup(self) -> None:
        super().setup()
        self.connections.append(0)

    def do_GET(self) -> None:
        self.connections[-1] += 1
        self.send_response(200)
        self.send_header("content-length", str(len(CONTENT)))
        self.send_header("etag", '"a"')
        self.send_header("last-modified", WRITTEN)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(CONTENT)
        self.close_connection = self.connections[-1] >= self.answers_each

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[KeepingServer]]:
    kind = type("Server", (KeepingServer,), {"connections": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as served:
        served.daemon_threads, served.block_on_close = True, False
        threading.Thread(target=served.serve_forever, daemon=True).start()
        for name, value in (ON_LAMBDA | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{served.server_port}"}).items():
            monkeypatch.setenv(name, value)
        yield kind
        served.shutdown()


def test_one_connection_serves_many_requests_until_it_is_closed(server: type[KeepingServer]) -> None:
    bucket = Bucket("s3://pictures/index", "")
    for _ in range(2):
        assert b"".join(bucket.chunks("a")) == CONTENT
        assert bucket.tag("a") == bucket.tags["a"] == f'"a" {WRITTEN}'
    assert server.connections == [4]
    bucket.close()
    bucket.tag("a")
    assert server.connections == [4, 1]
    bucket.close()


def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced(server: type[KeepingServer]) -> None:
    server.answers_each = 1
    bucket = Bucket("s3://pictures/index", "")
    assert [bucket.tag("a") for _ in range(3)] == [f'"a" {WRITTEN}'] * 3
    assert server.connections == [1, 1, 1]
    bucket.close()


def test_who_stops_reading_leaves_no_half_read_connection_behind(server: type[KeepingServer]) -> None:
    bucket = Bucket("s3://pictures/index", "")
    signed = bucket._signed
    assert signed
    with signed.asked("GET", "a") as answer:
        assert answer
        assert next(answer.chunks(10)) == CONTENT[:10]
    assert b"".join(bucket.chunks("a")) == CONTENT
    assert server.connections == [1, 1]
    bucket.close()


@pytest.mark.usefixtures("server")
def test_plain_answers_need_no_client_of_boto3() -> None:
    code = """
import sys
from runtime.artefacts.remote.aws import Bucket
bucket = Bucket("s3://pictures/index", "")
print(len(b"".join(bucket.chunks("a"))), bucket.tag("a"), {"boto3", "botocore.client"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == f'{len(CONTENT)} "a" {WRITTEN} set()'
