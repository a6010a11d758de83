"""The real server as a process of its own, and clients that ask it without a pause, each over one connection."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.ports import free_port

MAX_FILES = 1024  # that a server may have open while it is attacked, as many as systems give
START_LIMIT_S, ANSWER_LIMIT_S = 120.0, 60.0


@dataclass
class Server:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and JSON of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_LIMIT_S)
        with contextlib.closing(connection):
            return ask_over(connection, method, path, body)

    def rss_mb(self) -> float:
        """Return how much of its memory is resident and its own, not of files."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return float(status.split("RssAnon:")[1].split()[0]) / 1024

    def open_files(self) -> int:
        """Return how many files it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))  # noqa: PTH208


@contextlib.contextmanager
def served(
    environment: dict[str, str], log: Path, *, options: Sequence[str] = (), max_files: int | None = None
) -> Iterator[Server]:
    """A server that is ready; it is killed at the end.

    Args:
        environment: variables beside those of this process.
        log: the file that takes what it prints.
        options: of the command `serve`.
        max_files: how many files it may have open; None leaves the limit as it is.
    """
    port = free_port()
    limited = ["sh", "-c", f'ulimit -n {max_files}; exec "$@"', "sh"] if max_files is not None else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GROQ_")}
    with log.open("ab") as written:
        process = subprocess.Popen(
            [*limited, sys.executable, "-m", "runtime", "serve", "--port", str(port), *options],
            env=kept | {"PYTHONPATH": str(ROOT)} | environment,
            stdout=written,
            stderr=written,
        )
    server = Server(process, port, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        assert server.process.poll() is None, server.log.read_text("utf-8")[-2000:]
        if is_ready(server.port):
            return
        time.sleep(0.05)
    raise AssertionError(f"not ready within {START_LIMIT_S} s")


def is_ready(port: int) -> bool:
    """Return whether the server there answers searches."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=ANSWER_LIMIT_S):
        return True
    return False


def ask_over(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Return status and JSON of one request."""
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@dataclass
class Asked:
    """One request: when it began and ended, what came."""

    start_s: float
    end_s: float
    status: int  # 0 where no answer came
    answer: Any = field(repr=False, default=None)

    @property
    def took_ms(self) -> float:
        """How long it took."""
        return (self.end_s - self.start_s) * 1000


class Clients:
    """Clients in threads, each of which sends `make_body(number)` to /search, waits, and sends the next."""

    def __init__(self, server: Server, count: int, make_body: Callable[[int], object]) -> None:
        """Start them."""
        self._server, self._make_body, self._ended = server, make_body, threading.Event()
        self.asked: list[Asked] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def end(self) -> list[Asked]:
        """Let each finish its request, and return all."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        return self.asked

    def _run(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=ANSWER_LIMIT_S)
        with contextlib.closing(connection):
            while not self._ended.is_set():
                start = time.monotonic()
                try:
                    status, answer = ask_over(connection, "POST", "/search", self._make_body(number))
                except (OSError, http.client.HTTPException, ValueError) as error:
                    connection.close()
                    status, answer = 0, repr(error)
                    time.sleep(0.01)  # a server that was killed refuses at once
                self.asked.append(Asked(start, time.monotonic(), status, answer))
                number += 7
