"""Lambda's Runtime API as far as a function with SnapStart sees it, and a line to S3 that dies with the snapshot."""

import http.server
import json
import queue
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

RESPONSE = re.compile(r"/2018-06-01/runtime/invocation/(\w+)/response")
LIMIT_S = 300
CHUNK_BYTES = 65_536


class RuntimeApi:
    """What the function's client asks: for the end of the snapshot, then for events."""

    def __init__(self) -> None:
        self.is_snapshot, self.restored = threading.Event(), threading.Event()
        self.init_error: str | None = None
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.address = ""

    def ask(self, event: dict[str, Any]) -> dict[str, Any]:
        self._events.put(event)
        return self._answers.get(timeout=LIMIT_S)

    def get(self, path: str) -> tuple[dict[str, str], dict[str, Any]]:
        if path.endswith("/restore/next"):
            self.is_snapshot.set()
            self.restored.wait(LIMIT_S)
            return {}, {}
        event = self._events.get(timeout=LIMIT_S)
        told = {
            "Request-Id": "a1",
            "Deadline-Ms": "99999999999999",
            "Invoked-Function-Arn": "arn:aws:lambda:x:1:function:f:1",
        }
        return {f"Lambda-Runtime-{'Aws-' * (name == 'Request-Id')}{name}": value for name, value in told.items()}, event

    def post(self, path: str, body: bytes) -> None:
        if RESPONSE.fullmatch(path):
            self._answers.put(json.loads(body))
        else:
            self.init_error = body.decode()


class _Server(http.server.ThreadingHTTPServer):
    """Waits for no thread at its end: some wait for events that never come."""

    daemon_threads, block_on_close = True, False

    def handle_error(self, *_arguments: object) -> None:
        """Say nothing of a function that was ended."""


@contextmanager
def runtime_api_served() -> Iterator[RuntimeApi]:
    """The API at `address`."""
    api = RuntimeApi()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with suppress(queue.Empty):
                headers, body = api.get(self.path)
                self._answer(200, headers, json.dumps(body).encode())

        def do_POST(self) -> None:
            api.post(self.path, self.rfile.read(int(self.headers.get("content-length", 0))))
            self._answer(202, {}, b'{"status": "OK"}')

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in (headers | {"content-type": "application/json", "content-length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        api.address = f"127.0.0.1:{server.server_port}"
        yield api
        server.shutdown()


class Relay:
    """A line to a server. Once it was cut, connections from before lead nowhere, as in a restored machine."""

    def __init__(self, port: int) -> None:
        self._server, self._cut = port, threading.Event()
        self.lost_bytes = self.connections_since = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._opened = [self._listening]
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()

    def close(self) -> None:
        for opened in self._opened:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self._opened += [client, server]
                is_old = not self._cut.is_set()
                self.connections_since += not is_old
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, target, is_old), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_old: bool) -> None:
        with suppress(OSError):
            while content := source.recv(CHUNK_BYTES):
                if is_old and self._cut.is_set():
                    self.lost_bytes += len(content)
                else:
                    target.sendall(content)
            target.shutdown(socket.SHUT_WR)
