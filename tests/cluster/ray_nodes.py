"""A Ray cluster on loopback: a head that computes nothing, and nodes of one CPU, each killed as a whole when asked.

A node ends with the process that started it, and what runs on it with the node: Ray sees to that for `ray start --block`.
"""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.with_parent import PYTHON
from tests.conftest import ROOT
from tests.ports import free_port

STARTS_MAX = 5  # Ray gives a node 30 s to start, which a busy machine may not have
STARTED = "This command will now block forever"
HOST = "127.0.0.2"  # Ray takes 127.0.0.1 for the address that the machine has in its network


class RayNodes:
    """A head and its nodes. `address` is what `--cluster` takes; `environment` is that of whoever uses it."""

    def __init__(self, folder: Path) -> None:
        token = folder / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        own = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "OMP_NUM_THREADS": "1",
        }
        self.environment = os.environ | own | {"PYTHONPATH": str(ROOT)}
        self.address = f"{HOST}:{free_port()}"
        self._folder = folder
        self._nodes: list[subprocess.Popen[bytes]] = []
        clients = f"--ray-client-server-port={free_port()}"
        port = self.address.rpartition(":")[2]
        try:
            self._start("--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false", clients)
        except BaseException:
            self.close()
            raise

    def add(self) -> int:
        """Start a node of one CPU, and return its number."""
        self._start(f"--address={self.address}", "--num-cpus=1")
        return len(self._nodes) - 1

    def kill(self, number: int) -> None:
        """Kill a node and all that runs on it."""
        children = _descendants(self._nodes[number].pid)
        for pid in (self._nodes[number].pid, *children):
            _kill(pid)
        self._nodes[number].wait()

    def close(self) -> None:
        """Kill all that runs."""
        for number in reversed(range(len(self._nodes))):
            self.kill(number)

    def _start(self, *options: str) -> None:
        command = [*PYTHON, "-m", "ray.scripts.scripts", "start", f"--node-ip-address={HOST}", "--block", *options]
        command += ["--object-store-memory=300000000", "--memory=8000000000", "--disable-usage-stats"]
        command += [f"--{name}={free_port()}" for name in ("dashboard-agent-listen-port", "metrics-export-port")]
        log = self._folder / f"node{len(self._nodes)}.log"
        for _ in range(STARTS_MAX):
            with log.open("wb") as file:
                node = subprocess.Popen(command, env=self.environment, stdout=file, stderr=file, start_new_session=True)
            self._nodes.append(node)
            while STARTED not in log.read_text() and node.poll() is None:
                time.sleep(0.2)  # Ray tells of its start in this file alone
            if node.poll() is None:
                return
            self._nodes.pop()
        raise AssertionError(log.read_text())


@contextmanager
def ray_nodes(folder: Path, nodes: int = 2) -> Iterator[RayNodes]:
    """Yield a cluster of so many nodes, started one after another."""
    cluster = RayNodes(folder)
    try:
        for _ in range(nodes):
            cluster.add()
        yield cluster
    finally:
        cluster.close()


def _descendants(pid: int) -> list[int]:
    """Return the ids of the processes that one started, and of those that they did."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
