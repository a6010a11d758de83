"""A real Milvus server (PyPI's `milvus`, standalone) on free ports of this machine, stopped whatever happens."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port

START_LIMIT_S = 180
STOP_LIMIT_S = 20


class MilvusProcess:
    """One server over one folder. It may be killed and started again, on the same ports and over the same data."""

    def __init__(self, folder: Path) -> None:
        """Write its configuration and unpack its program; nothing runs yet."""
        import milvus

        self.folder = folder
        config = milvus.MilvusServerConfig(data_dir=str(folder))
        ports = {name: free_port() for name in config.configurable_items if name.endswith("_port")}
        config.update(**ports)
        config.resolve()
        milvus._initialize_data_files(str(folder))
        self.port, self._health_port = int(ports["proxy_port"]), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, collection: str) -> str:
        """Return the setting STORE for a collection of it."""
        return f"milvus://127.0.0.1:{self.port}/{collection}"

    def start(self) -> None:
        """Start it, and return once it says that it is healthy."""
        binary = self.folder / "bin" / "milvus"
        environment: dict[str, Any] = os.environ | {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._health_port),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": f"{binary.parent}:{os.environ.get('LD_LIBRARY_PATH', '')}",
        }
        with_parent = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        log = (self.folder / "logs" / "stdout.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [*with_parent, str(binary), "run", "standalone"], env=environment, cwd=self.folder, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_LIMIT_S
        while not self._is_healthy():
            assert self._process.poll() is None, f"Milvus ended; {self.folder}/logs has why"
            assert time.monotonic() < deadline, f"Milvus was not healthy within {START_LIMIT_S} s"
            time.sleep(0.1)  # it gives no sign but its health

    def kill(self) -> None:
        """End it as a fault of the machine would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health_port}/healthz", timeout=5) as answer:
                return b"OK" in answer.read()
        except (OSError, urllib.error.URLError):
            return False


@contextmanager
def milvus_in(folder: Path) -> Iterator[MilvusProcess]:
    """A running server over an empty folder, which ends with the block."""
    server = MilvusProcess(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
