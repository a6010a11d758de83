"""Starts the real server on cores of its own, and reads its memory and CPU time from /proc."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure.memory import status_bytes

START_LIMIT_S = 60.0


@dataclass(frozen=True)
class RunningServer:
    """A server that is ready."""

    address: str
    pid: int

    def rss_mb(self) -> float:
        """Return its resident memory in MB."""
        return status_bytes("VmRSS", self.pid) / 1e6

    def cpu_s(self) -> float:
        """Return its CPU time in seconds."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        user, system = after_name[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def start_server(environment: Mapping[str, str], *, cores: str, checkout: Path, log: Path) -> Iterator[RunningServer]:
    """Start `python -m runtime serve` of a checkout on some cores ("0", "0,1") and a free port; end it afterwards.

    Raises:
        TimeoutError: it was not ready within `START_LIMIT_S`; its log says why.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["taskset", "-c", cores, sys.executable, "-m", "runtime", "serve", "--port", str(port)]
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            command, cwd=checkout, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=written
        )
        try:
            server = RunningServer(f"http://127.0.0.1:{port}", process.pid)
            _wait_until_ready(server)
            yield server
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(server: RunningServer) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.address}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no server after {START_LIMIT_S:.0f} s")
