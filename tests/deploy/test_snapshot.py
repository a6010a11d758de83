"""SnapStart: AWS's own client runs the function to the point where a snapshot is made, and on from where it is restored.

In place of a restored machine, the process is stopped and goes on after its connections have died.
"""

import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.snapstart import renew
from tests.deploy.cloud import Cloud
from tests.deploy.emulator import ON_LAMBDA
from tests.deploy.events import url_event
from tests.deploy.published import Published
from tests.deploy.runtime_api import LIMIT_S, Relay, RuntimeApi, runtime_api_served

EVENT = url_event(
    "POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a red boat", "top_k": 3}'
)


@contextmanager
def started(environment: dict[str, str], log: Path, api: RuntimeApi) -> "Iterator[subprocess.Popen[bytes]]":
    """The function, on its way to its snapshot."""
    of_lambda = {"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    with log.open("w") as file:
        command = [sys.executable, "-m", "awslambdaric", "handler.handler"]
        process = subprocess.Popen(command, env=environment | ON_LAMBDA | of_lambda, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def test_a_restored_function_answers_and_looks_for_a_new_release(published: Published, tmp_path: Path, log: Path) -> None:
    relay = Relay(int(published.cloud.url.rpartition(":")[2]))
    environment = published.environment(tmp_path / "fetched") | {"AWS_ENDPOINT_URL": relay.url}
    with runtime_api_served() as api, started(environment, log, api) as process:
        assert api.is_snapshot.wait(LIMIT_S), log.read_text("utf-8")
        os.kill(process.pid, signal.SIGSTOP)
        relay.cut()
        os.kill(process.pid, signal.SIGCONT)
        api.restored.set()
        answer = api.ask(EVENT)
    relay.close()
    assert answer["statusCode"] == 200, log.read_text("utf-8")
    assert "began from a snapshot" in log.read_text("utf-8")
    assert relay.connections_since >= 1


class KeptConnections(http.server.BaseHTTPRequestHandler):
    """As S3 answers, and moto does not: a connection is kept for the next request."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("etag", '"a"')
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


def test_what_was_opened_before_a_snapshot_is_asked_over_new_connections(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeptConnections) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        relay = Relay(server.server_port)
        for name, value in (cloud.environment | {"AWS_ENDPOINT_URL": relay.url}).items():
            monkeypatch.setenv(name, value)
        bucket = Bucket("s3://a-bucket/index", "")
        before = bucket.tag(MANIFEST_NAME)
        relay.cut()
        renew(lambda: None)
        assert bucket.tag(MANIFEST_NAME) == before
        assert (relay.lost_bytes, relay.connections_since) == (0, 1)
        bucket.close()
        relay.close()
        server.shutdown()


def test_a_function_that_cannot_start_is_kept_in_no_snapshot(published: Published, log: Path) -> None:
    environment = published.library.environment | {"TOP_K_MAX": "none"}
    with runtime_api_served() as api, started(environment, log, api) as process:
        assert process.wait(LIMIT_S) != 0
        assert not api.is_snapshot.is_set()
    assert "TOP_K_MAX" in str(api.init_error)


def test_a_new_stack_with_nothing_in_its_bucket_can_be_made_and_says_what_is_missing(
    published: Published, tmp_path: Path, log: Path
) -> None:
    environment = published.environment(tmp_path / "fetched") | {"INDEX_URL": f"s3://{published.bucket}/nothing-here"}
    with runtime_api_served() as api, started(environment, log, api):
        assert api.is_snapshot.wait(LIMIT_S), log.read_text("utf-8")
        api.restored.set()
        assert api.ask(EVENT)["statusCode"] == 503
    assert "nothing-here" in log.read_text("utf-8")


def test_two_functions_of_one_snapshot_throw_different_dice() -> None:
    code = """
import os, random, sys
from runtime.artefacts.snapstart import renew
random.seed(7)
for _ in range(2):
    child = os.fork()
    if child == 0:
        renew(lambda: None)
        os.write(1, f"{random.random()}\\n".encode())
        os._exit(0)
    os.waitpid(child, 0)
print(random.random())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert len(set(done.stdout.split())) == 3
