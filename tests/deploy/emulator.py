"""AWS's own Runtime Interface Emulator with the real runtime client in it: whole events in, whole answers out.

No container: the emulator ships with aws-sam-cli, which `make test` installs into an environment of its own beside the
tests'. It does not emulate the init's limit, the memory, the CPU share or the read-only file system.
"""

import base64
import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.deploy.events import url_event
from tests.ports import free_port

SAM_TOOLS = Path(os.environ.get("SAM_TOOLS", Path(sys.prefix) / "sam"))  # `make .venv/.sam` makes it
ON_LAMBDA = {
    "LAMBDA_TASK_ROOT": str(ROOT),
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "300",
}
FUNCTION = (sys.executable, "-m", "awslambdaric", "handler.handler")
ANSWER_LIMIT_S = 300


def sam_tool(name: str) -> Path:
    """Return a program of that environment."""
    return SAM_TOOLS / "bin" / name


def emulator_program() -> Path:
    architecture = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    [program] = SAM_TOOLS.glob(f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{architecture}")
    return program


@dataclass(frozen=True)
class Answer:
    """What a function URL would send to the browser."""

    status: int
    headers: dict[str, str]
    body: bytes
    was_base64: bool
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        return json.loads(self.body)


class Emulator:
    """One execution environment of the function; the first event starts its init, as on Lambda."""

    def __init__(self, port: int, log: Path, pid: int) -> None:
        self._url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self.pid, self._log, self._log_at_end = pid, log, ""

    def ask(self, event: dict[str, Any]) -> Answer:
        request = urllib.request.Request(self._url, json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as reply:
            answer = json.load(reply)
        assert "statusCode" in answer, answer
        was_base64 = answer.get("isBase64Encoded", False)
        body = base64.b64decode(answer["body"]) if was_base64 else answer["body"].encode()
        return Answer(answer["statusCode"], answer["headers"], body, was_base64, tuple(answer.get("cookies", ())))

    @property
    def log(self) -> str:
        return self._log_at_end or self._log.read_text("utf-8")

    def keep_log(self) -> None:
        """Keep what was logged so far: when the emulator is killed, the function complains of that."""
        self._log_at_end = self.log

    def logged(self, level: str) -> list[str]:
        """Return the messages that the function logged at a level, each a line of its own, without time and request."""
        lines = self.log.splitlines()
        return [line.split("\t")[-1] for line in lines if line.startswith(f"[{level}]")]


@contextlib.contextmanager
def emulated(
    environment: dict[str, str], log: Path, *, under: Sequence[str] = (), function: Sequence[str] = FUNCTION
) -> Iterator[Emulator]:
    """The function in an environment of its own; everything that it starts ends with it.

    `under` is a command that runs the emulator, such as `taskset`, and `function` the one that the emulator runs.
    """
    port, inner_port = free_port(), free_port()
    command = [*under, str(emulator_program()), "--log-level", "info"]
    command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    command += ["--runtime-api-address", f"127.0.0.1:{inner_port}"]
    command += function
    environment = ON_LAMBDA | environment
    with log.open("w") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)
        try:
            wait_for_port(port, process)
            emulator = Emulator(port, log, process.pid)
            yield emulator
            emulator.keep_log()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_port(port: int, process: "subprocess.Popen[Any]", limit_s: float = 120.0) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)  # a port gives no sign when it is opened
    raise AssertionError(f"{process.args!r} does not listen within {limit_s} s")


def post(
    function: Emulator, path: str, body: dict[str, Any], *, more_headers: Mapping[str, str] | None = None, **event: Any
) -> Answer:
    """Send JSON, as the page does."""
    headers = {"content-type": "application/json", **(more_headers or {})}
    return function.ask(url_event("POST", path, headers=headers, body=json.dumps(body).encode(), **event))


def fault_of(answer: Answer) -> dict[str, str]:
    """Return the error of an answer, which must have the one form."""
    assert set(answer.json()) == {"error"}
    fault = answer.json()["error"]
    assert set(fault) == {"code", "message"}
    assert fault["message"]
    return dict(fault)
