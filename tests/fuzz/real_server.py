"""The real server as a process of its own, with few file descriptors, on a free port of the loopback."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.ports import free_port

FILES = 1024
START_LIMIT_S = 60.0


@contextmanager
def running_server(log: Path, arguments: list[str]) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Start `serve` with these arguments; yields its process and its port when it is ready, and ends it afterwards.

    Raises:
        TimeoutError: it was not ready in time.
    """
    port = free_port()
    command = ["sh", "-c", f'ulimit -n {FILES}; exec "$@"', "sh", sys.executable, "-m", "runtime", "serve"]
    with ExitStack() as stack:
        written = stack.enter_context(log.open("wb"))
        process = subprocess.Popen([*command, "--port", str(port), *arguments], stdout=written, stderr=written)
        stack.callback(process.wait)
        stack.callback(process.kill)
        deadline = time.monotonic() + START_LIMIT_S
        while not is_ready(port):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no server after {START_LIMIT_S:.0f} s: {log.read_text('utf-8', 'replace')}")
            time.sleep(0.1)
        yield process, port


def is_ready(port: int) -> bool:
    """Return whether the server there answers searches."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
        return True
    return False
