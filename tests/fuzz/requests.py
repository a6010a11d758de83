"""Requests that schemathesis makes of the OpenAPI document, and broken HTTP, against the real server.

    python -m tests.fuzz.requests [--requests 100000] [--seed 1] [--models ... --index ...]

A process for each core sends its share. Valid and invalid requests alternate, route by route; after each round, some raw
requests go out with bytes of them changed. Ends with exit code 1 if an answer is not what the document says of it, has a
status of 5xx that is not 503, is an error of another form, or shows a traceback; or if the server has ended.
"""

import argparse
import math
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from runtime.models.cpu_cores import usable_cores
from tests.fuzz.server import MAX_FILES, is_ready, served

ROUND = 100  # requests of one route and mode
RAW_PER_ROUND = 20
# The document cannot say what an empty query or a picture is: what it allows may be refused with 422.
UNSAID = [positive_data_acceptance]
# Nor that spaces around a query do not count: a longer one may be accepted.
ALLOWED = "violates `maxLength` at /properties/query"
RAW = (
    b"GET / HTTP/1.1\r\nhost: localhost\r\nif-none-match: *\r\n\r\n",
    b"GET /images/scene-00001.jpg HTTP/1.1\r\nhost: localhost\r\nrange: bytes=0-99,200-\r\n\r\n",
    b"HEAD /static/app.js HTTP/1.1\r\nhost: localhost\r\nif-modified-since: Sat, 28 Nov 2026 00:00:00 GMT\r\n\r\n",
    b"POST /search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n"
    b'{"query": "boat"}',
    b"POST /search/image HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\n"
    b"transfer-encoding: chunked\r\n\r\n6\r\n--b\r\n\n\r\n0\r\n\r\n",
)


class Fuzz:
    """One run against one server: what was sent, what it was answered, and what was wrong."""

    def __init__(self, port: int, chance: random.Random) -> None:
        """Read the server's description of itself."""
        self.port, self._chance = port, chance
        self._schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        self._session = requests.Session()
        self._cannot: set[tuple[str, GenerationMode]] = set()  # a route without parameters has no wrong requests
        self.statuses: Counter[int | str] = Counter()
        self.faults: Counter[str] = Counter()
        self.sent = 0

    def round(self) -> None:
        """Send one round to every route."""
        operations: list[Any] = [found.ok() for found in self._schema.get_all_operations() if isinstance(found, Ok)]
        for operation in operations:
            for mode in GenerationMode:
                if (operation.label, mode) in self._cannot:
                    continue
                try:
                    self._send_cases(operation.as_strategy(generation_mode=mode))
                except Unsatisfiable:
                    self._cannot.add((operation.label, mode))
        for _ in range(RAW_PER_ROUND):
            self._send_raw()

    def _send_cases(self, cases: Any) -> None:
        @seed(self._chance.getrandbits(32))
        @settings(
            max_examples=ROUND,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def send(case: Any) -> None:
            self.sent += 1
            answer = case.call(session=self._session)
            self.statuses[answer.status_code] += 1
            self._judge(f"{case.method} {case.path}", answer.status_code, answer.content)
            try:
                case.validate_response(answer, excluded_checks=UNSAID)
            except FailureGroup as group:
                failures = [f"{case.method} {case.path}: {failure}" for failure in group.exceptions]
                self.faults.update(failure[:600] for failure in failures if ALLOWED not in failure)

        send()

    def _send_raw(self) -> None:
        """Send a request some bytes of which are others, gone, or there twice."""
        raw = bytearray(self._chance.choice(RAW))
        for _ in range(self._chance.randint(1, 8)):
            at = self._chance.randrange(len(raw))
            raw[at : at + self._chance.randint(0, 2)] = self._chance.randbytes(self._chance.randint(0, 2))
        self.sent += 1
        answer = b""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.3) as client:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(65_536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head[9:12]) if head[9:12].isdigit() else 0
        self.statuses[status or "none"] += 1
        if not head.startswith(b"HTTP/1.1 ") or b"transfer-encoding" in head:
            return
        self._judge(f"raw {bytes(raw)!r}", status, body if b"HEAD" not in raw else b"")

    def _judge(self, request: str, status: int, body: bytes) -> None:
        if status >= 500 and status != 503:
            self.faults[f"{request}: {status}"] += 1
        if b"Traceback" in body:
            self.faults[f"{request}: a traceback"] += 1
        if status >= 400 and body and not body.startswith(b'{"error":{"code":"'):
            self.faults[f"{request}: {status} of another form: {body[:80]!r}"] += 1


@dataclass(frozen=True)
class Share:
    """What one process sent: how many answers had which status, and what was wrong how often."""

    statuses: Counter[int | str]
    faults: Counter[str]


def send_requests(port: int, seed_of_share: int, count: int) -> Share:
    """Send at least so many requests, of this seed; ends early where nobody listens any more."""
    fuzz = Fuzz(port, random.Random(seed_of_share))
    while fuzz.sent < count and is_ready(port):
        fuzz.round()
        print(f"seed {seed_of_share}: {fuzz.sent:,} requests, {fuzz.faults.total():,} faults", file=sys.stderr, flush=True)
    return Share(fuzz.statuses, fuzz.faults)


def main() -> None:
    """Send as many requests as asked for, and print what was answered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--models", default="sample")
    parser.add_argument("--index", default="artifacts/sample/index")
    given_options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        options = ["--models", given_options.models, "--index", given_options.index]
        with served({}, log, options=options, max_files=MAX_FILES) as server:
            workers = usable_cores()
            seeds = range(given_options.seed, given_options.seed + workers)
            count = math.ceil(given_options.requests / workers)
            with ProcessPoolExecutor(workers) as pool:
                shares = list(pool.map(send_requests, [server.port] * workers, seeds, [count] * workers))
            statuses = sum((share.statuses for share in shares), Counter[int | str]())
            faults = sum((share.faults for share in shares), Counter[str]())
            if server.process.poll() is not None or not is_ready(server.port):
                faults["the server has ended, or answers no more"] += 1
        text = log.read_text("utf-8", "replace")
    if "Traceback" in text:
        faults["a traceback in the log: " + text.partition("Traceback")[2][-1500:]] += 1
    answered = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items(), key=str))
    print(f"{statuses.total():,} requests (--seed {given_options.seed}) in {time.monotonic() - start:.0f} s. {answered}.")
    print(f"{len(text):,} bytes of log. {faults.total():,} faults.")
    for fault, count in faults.most_common(20):
        print(f"--- {count:,} times: {fault}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
