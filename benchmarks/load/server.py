"""The server under load: the real one, on cores of its own, and how much memory it holds."""

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

START_LIMIT_S = 60.0
MB_A_KB = 1024 / 1e6


@dataclass(frozen=True)
class Serving:
    """A server that answers."""

    address: str
    pid: int

    def rss_mb(self) -> float:
        """Return how much memory it holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines()
        [held] = [line for line in lines if line.startswith("VmRSS:")]
        return int(held.split()[1]) * MB_A_KB

    def cpu_s(self) -> float:
        """Return how much time of a core it has used."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        user, system = after_name[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(environment: Mapping[str, str], *, cores: str, checkout: Path, log: Path) -> Iterator[Serving]:
    """Start `python -m runtime serve` of a checkout on some cores ("0", "0,1") and a free port; end it afterwards.

    Raises:
        TimeoutError: it is not ready in time; its log says why.
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
            served = Serving(f"http://127.0.0.1:{port}", process.pid)
            _wait_until_ready(served)
            yield served
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(served: Serving) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{served.address}/readyz", timeout=5):
            return
        time.sleep(0.1)  # between two questions whether it is ready
    raise TimeoutError(f"no server after {START_LIMIT_S:.0f} s")
