"""Slow clients against the real server: how long a search takes meanwhile, how long the log gets, when SIGTERM ends it.

    python -m tests.fuzz.slow_clients [--seconds 30] [--counts 24,200,1100] [--models ... --index ...]

Each count of each kind of slow client is tried on a server of its own with 1,024 file descriptors, on the loopback. All come
at once; those that the server drops come back, 100 a second. Ends with exit code 1 if a search failed or took more than a
second, or if the server took more than ten to end.
"""

import argparse
import itertools
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.server import MAX_FILES, served

COME_BACK_A_SECOND = 100
END_LIMIT_S, SEARCH_LIMIT_S = 10.0, 1.0
SEARCH = b'{"query": "a red boat", "top_k": 3}'
HEAD = b"POST /search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
FORM = b"content-type: multipart/form-data; boundary=b\r\ncontent-length: 4400000\r\n\r\n--b\r\n"


@dataclass(frozen=True)
class Manner:
    """What a slow client sends at first, and then each second."""

    first: bytes
    each_second: bytes = b""


MANNERS = {
    "half a header": Manner(HEAD + b"x-slow: ", b"a"),
    "half a body": Manner(HEAD + b"content-length: 30\r\n\r\n{", b" "),
    "half a picture": Manner(b"POST /search/image HTTP/1.1\r\nhost: localhost\r\n" + FORM + bytes(70_000), bytes(100)),
    "reads nothing": Manner(b"GET /images/scene-00001.jpg HTTP/1.1\r\nhost: localhost\r\n\r\n" * 20),
    "idle": Manner(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    "says nothing": Manner(b""),
}


@dataclass
class Figures:
    """What one attack did."""

    searches_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    opened: int = 0
    end_s: float = 0.0
    log_bytes: int = 0

    @property
    def holds(self) -> bool:
        """Whether every search was answered in time, and the server ended in time."""
        return not self.failed and max(self.searches_s) <= SEARCH_LIMIT_S and self.end_s <= END_LIMIT_S


def attack(manner: Manner, count: int, seconds: float, arguments: list[str]) -> Figures:
    """Return how a server fared under `count` such clients for so many seconds, and when it was ended with them open."""
    figures, stop = Figures(), threading.Event()
    with (
        tempfile.TemporaryDirectory() as folder,
        served({}, Path(folder) / "log", options=arguments, max_files=MAX_FILES) as server,
    ):
        searching = threading.Thread(target=_search_on, args=(server.port, figures, stop))
        searching.start()
        clients: list[socket.socket] = []
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            began = time.monotonic()
            clients = [client for client in clients if _goes_on(client, manner.each_second)]
            missing = count - len(clients)
            for _ in range(min(missing, COME_BACK_A_SECOND) if figures.opened else missing):
                clients.extend(_opened(server.port, manner.first))
                figures.opened += 1
            time.sleep(max(0.0, min(ends, began + 1) - time.monotonic()))
        stop.set()
        searching.join()
        ending = time.monotonic()
        server.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(3 * END_LIMIT_S)
        figures.end_s = time.monotonic() - ending
        figures.log_bytes = (Path(folder) / "log").stat().st_size
        for client in clients:
            client.close()
    return figures


def _opened(port: int, first: bytes) -> Iterator[socket.socket]:
    with suppress(OSError):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that what is not read is soon too much
        client.settimeout(1)
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        with suppress(OSError):  # it takes no more
            client.send(first)
        yield client


def _goes_on(client: socket.socket, more: bytes) -> bool:
    """Send more, and return whether the connection is still open; what the server says stays unread."""
    with suppress(BlockingIOError):
        try:
            if client.recv(1, socket.MSG_PEEK) == b"":
                client.close()
                return False
        except ConnectionError:
            client.close()
            return False
    try:
        if more:
            client.send(more)
    except BlockingIOError:
        return True
    except OSError:
        client.close()
        return False
    return True


def _search_on(port: int, figures: Figures, stop: threading.Event) -> None:
    """Search all the while, each time by a new connection."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/search", data=SEARCH, headers={"content-type": "application/json"}
    )
    while not stop.is_set():
        start = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                answer.read()
            figures.searches_s.append(time.monotonic() - start)
        except OSError as error:
            figures.failed.append(f"{error!r} after {time.monotonic() - start:.2f} s")
        stop.wait(0.05)


def main() -> None:
    """Try every count of every kind, and print a line of figures for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--counts", default="24,200,1100")
    parser.add_argument("--kinds", default=",".join(MANNERS))
    parser.add_argument("--models", default="sample")
    parser.add_argument("--index", default="artifacts/sample/index")
    given = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    arguments = ["--models", given.models, "--index", given.index]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    all_hold = True
    print("kind            clients  opened  searches  failed  median ms  worst ms   end s  log bytes")
    attacks = itertools.product(given.kinds.split(","), map(int, given.counts.split(",")))
    for kind, count in [("says nothing", 0), *attacks]:  # the first is nobody: what the machine alone costs
        figures = attack(MANNERS[kind], count, given.seconds, arguments)
        times = sorted(figures.searches_s) or [float("nan")]
        print(
            f"{kind:15} {count:7,} {figures.opened:7,} {len(figures.searches_s):9,} {len(figures.failed):7,} "
            f"{times[len(times) // 2] * 1000:10.1f} {times[-1] * 1000:9.1f} {figures.end_s:7.2f} {figures.log_bytes:10,}",
            flush=True,
        )
        for failure in figures.failed[:3]:
            print(f"    {failure}")
        all_hold &= figures.holds
    sys.exit(not all_hold)


if __name__ == "__main__":
    main()
