"""S3 Vectors on the loopback: botocore's own model of the service says what a request may be and what an answer is.

Plays what moto lacks: queries, limits, throttling, permissions. `indexes.py` has the state; a script says what goes wrong.
"""

import json
import re
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.cluster.s3vectors.index import Refused
from tests.cluster.s3vectors.indexes import Answer, Indexes
from tests.cluster.s3vectors.model import MODEL, read_request, shown, status_of

# What each parameter of a request needs beside the right to its operation.
ALSO_NEEDED = {
    "filter": "GetVectors",
    "returnMetadata": "GetVectors",
    "returnData": "GetVectors",
    "queryTexts": "GetVectors",
}
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
DROPPED = "dropped"  # in a script: the connection ends without an answer


@dataclass(frozen=True)
class Statement:
    """One statement of a policy that allows."""

    actions: tuple[str, ...]  # "s3vectors:QueryVectors"
    resources: tuple[str, ...]  # with *


@dataclass
class Rates:
    """What one index takes in a second; more is answered with 429. None: whatever comes."""

    writes: int | None = None
    vectors: int | None = None


@dataclass
class Script:
    """What goes wrong.

    `faults` are the error codes, or `DROPPED`, that the next calls of an operation get instead of their answer, before
    anything is done; `lost` those whose answer is lost though all is done. `before` and `after` are called with each call's
    number, from 1, and its operation.
    """

    faults: dict[str, deque[str]] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    before: Callable[[int, str], None] = lambda _number, _operation: None
    after: Callable[[int, str], None] = lambda _number, _operation: None
    silence_s: float = 0  # before each answer


class S3VectorsServer(ThreadingHTTPServer):
    """The service. `url` is its address; `calls` counts what was asked; `script` may be changed at any time."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # clients are killed here
            super().handle_error(request, client_address)

    def __init__(self, page_size: int = 100) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.indexes, self.script, self.rates = Indexes(page_size), Script(), Rates()
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.policies: dict[str, list[Statement]] = {}  # by access key; who has none may do everything
        self.clock: Callable[[], float] = time.monotonic  # seconds, for the rates
        self._lock = threading.Lock()
        self._written: dict[str, list[tuple[float, int]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, operation: str, body: bytes, authorization: str) -> Answer | None:
        """Return the answer to a request; None where the connection is to end.

        Raises:
            Refused: the service would answer with an error.
        """
        with self._lock:
            self.calls[operation] += 1
            number = self.calls.total()
            self.script.before(number, operation)
            if (fault := next(iter(self.script.faults.get(operation, ())), None)) is not None:
                self.script.faults[operation].popleft()
                if fault == DROPPED:
                    return None
                raise Refused(fault, "as the script says")
            asked = read_request(operation, body)
            self._check_rights(operation, asked, authorization)
            self._check_rates(operation, asked)
            answer = shown(MODEL.operation_model(operation).output_shape, self.indexes.call(operation, asked))
            self.script.after(number, operation)
            if self.script.lost.get(operation, 0) > 0:
                self.script.lost[operation] -= 1
                return None
        if self.script.silence_s:
            time.sleep(self.script.silence_s)  # plays a slow service
        return dict(answer)

    def _check_rights(self, operation: str, asked: Mapping[str, Any], authorization: str) -> None:
        signed = _CREDENTIAL.search(authorization)
        if not signed or signed[2] != "s3vectors":
            raise Refused("AccessDeniedException", "the request is not signed for s3vectors")
        statements, resource = self.policies.get(signed[1]), self.indexes.resource(asked)
        if statements is None:
            return
        for needed in {operation, *(also for name, also in ALSO_NEEDED.items() if asked.get(name))}:
            if not any(
                f"s3vectors:{needed}" in one.actions and any(fnmatchcase(resource, some) for some in one.resources)
                for one in statements
            ):
                raise Refused("AccessDeniedException", f"not authorized to perform s3vectors:{needed} on {resource}")

    def _check_rates(self, operation: str, asked: Mapping[str, Any]) -> None:
        if operation not in {"PutVectors", "DeleteVectors"}:
            return
        now, count = self.clock(), len(asked.get("vectors", asked.get("keys", ())))
        resource = self.indexes.resource(asked)
        last = [one for one in self._written.get(resource, []) if one[0] > now - 1]
        writes, vectors = self.rates.writes, self.rates.vectors
        too_many = writes is not None and len(last) + 1 > writes
        if too_many or (vectors is not None and sum(one[1] for one in last) + count > vectors):
            raise Refused("TooManyRequestsException", "Slow down")
        self._written[resource] = [*last, (now, count)]


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: S3VectorsServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            answer = self.server.answer(self.path.strip("/"), body, self.headers.get("Authorization", ""))
        except Refused as error:
            self.server.refused[error.code] += 1
            self._send(status_of(error.code), {"message": error.message}, error.code)
            return
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        self._send(200, answer)

    def _send(self, status: int, answer: Mapping[str, Any], code: str | None = None) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("x-amzn-ErrorType", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def running_server(page_size: int = 100) -> Iterator[S3VectorsServer]:
    """Hold a running server."""
    server = S3VectorsServer(page_size)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
