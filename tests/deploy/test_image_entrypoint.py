"""The image's entry and its health check, without an image: who is started with what, and what is told."""

import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploy.healthcheck import address
from tests.conftest import ROOT


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH whose `python` prints what it was given."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n', "utf-8")
    python.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("environment", "arguments", "started"),
    [
        ({}, [], "-m runtime serve --host 0.0.0.0 --port 8000"),
        ({"PORT": "9000"}, [], "-m runtime serve --host 0.0.0.0 --port 9000"),
        ({"PORT": ""}, ["serve", "--port", "9000"], "-m runtime serve --host 0.0.0.0 --port 8000 --port 9000"),
        ({}, ["search", "a red boat"], "-m runtime search a red boat"),
        ({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}, [], "-m awslambdaric handler.handler"),
        ({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}, ["serve"], "-m awslambdaric handler.handler"),
    ],
)
def test_entry_starts_what_the_environment_asks_for(
    path: str, environment: dict[str, str], arguments: list[str], started: str
) -> None:
    command = ["sh", str(ROOT / "deploy/entrypoint.sh"), *arguments]
    finished = subprocess.run(command, env={"PATH": path} | environment, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == started


@pytest.mark.parametrize(
    ("arguments", "port", "asked"),
    [
        ("", None, "127.0.0.1:8000"),
        ("", "9000", "127.0.0.1:9000"),
        ("python -m runtime serve --host 0.0.0.0 --port 8000 --port 9000", None, "127.0.0.1:9000"),
        ("python -m runtime serve --host 0.0.0.0 --port 8000 --port=9000", "8000", "127.0.0.1:9000"),
        ("/sbin/docker-init -- sh /var/task/deploy/entrypoint.sh serve --port 9000", None, "127.0.0.1:9000"),
        ("python -m runtime serve --host 0.0.0.0 --port 8000 --host ::", None, "[::1]:8000"),
        ("python -m runtime serve --host 172.17.0.2 --port", None, "172.17.0.2:"),
    ],
)
def test_health_check_asks_where_the_server_listens(arguments: str, port: str | None, asked: str) -> None:
    assert address(arguments.split(), port) == asked


def checked(port: int, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "deploy/healthcheck.py")]
    return subprocess.run(command, env={"PORT": str(port)} | environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [(200, 0, ""), (401, 0, ""), (503, 1, "not ready: HTTP Error 503: Service Unavailable\n")],
)
def test_health_check_passes_on_what_readyz_says(status: int, code: int, told: str) -> None:
    tokens: list[str | None] = []

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.append(self.headers["authorization"])
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        finished = checked(server.server_port, ACCESS_TOKEN="a-token")
    assert (finished.returncode, finished.stderr) == (code, told)
    assert tokens == ["Bearer a-token"]


def test_health_check_fails_where_nobody_listens() -> None:
    finished = checked(1)
    assert finished.returncode == 1
    assert finished.stderr.startswith("not ready: ")
