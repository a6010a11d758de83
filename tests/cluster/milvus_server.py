"""A real Milvus server (PyPI's `milvus`, standalone) on free ports of this machine, stopped whatever happens."""

import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.cluster.with_parent import WITH_PARENT
from tests.ports import free_port

START_LIMIT_S = 180
STOP_LIMIT_S = 20


class MilvusProcess:
    """One server over one folder. It may be killed and started again, on the same ports and over the same data."""

    def __init__(self, folder: Path, *, certificates: Path | None = None) -> None:
        """Write its configuration and unpack its program; nothing runs yet.

        With `certificates`, a folder with ca.pem, server.pem and server.key, it answers over TLS alone.
        """
        import milvus

        self.folder, self.certificates = folder, certificates
        config = milvus.MilvusServerConfig(data_dir=str(folder))
        # of a process that was killed; by default, 30 s pass until it is forgotten
        config.set("common.session.ttl", 3)
        ports = _free_ports([name for name in config.configurable_items if name.endswith("_port")])
        config.update(**ports)
        config.resolve()
        self._give_etcd_ports(int(ports["etcd_port"]), free_port())
        milvus._initialize_data_files(str(folder))
        self._scheme, self._host = ("milvus+tls", "localhost") if certificates else ("milvus", "127.0.0.1")
        if certificates:
            self._ask_for_tls(certificates)
        self.port, self._health_port = int(ports["proxy_port"]), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def _give_etcd_ports(self, client: int, peer: int) -> None:
        """Have the etcd in the process listen at these ports, as its port for peers is else the same for all servers."""
        urls = {"listen-client-urls": client, "advertise-client-urls": client, "listen-peer-urls": peer}
        lines = [f"{name}: http://127.0.0.1:{port}" for name, port in urls.items()]
        lines += [
            f"initial-advertise-peer-urls: http://127.0.0.1:{peer}",
            f"initial-cluster: default=http://127.0.0.1:{peer}",
        ]
        file, settings = self.folder / "configs" / "etcd.yaml", self.folder / "configs" / "milvus.yaml"
        file.write_text("\n".join(lines) + "\n")
        text = settings.read_text("utf-8")
        settings.write_text(text.replace("\netcd:\n", f"\netcd:\n  config:\n    path: {file}\n", 1), "utf-8")

    def _ask_for_tls(self, certificates: Path) -> None:
        settings = self.folder / "configs" / "milvus.yaml"
        paths = {"serverPemPath": "server.pem", "serverKeyPath": "server.key", "caPemPath": "ca.pem"}
        text, modes = re.subn(r"\btlsMode: 0", "tlsMode: 1", settings.read_text("utf-8"))
        text, named = re.subn(
            rf"\b({'|'.join(paths)}): .*", lambda line: f"{line[1]}: {certificates / paths[line[1]]}", text
        )
        assert (modes, named) == (1, len(paths)), "Milvus names these settings otherwise now"
        settings.write_text(text, "utf-8")

    def url(self, collection: str) -> str:
        """Return the setting STORE for a collection of it."""
        return f"{self._scheme}://{self._host}:{self.port}/{collection}"

    def start(self) -> None:
        """Start it, and return once it says that it is healthy."""
        binary = self.folder / "bin" / "milvus"
        environment: dict[str, Any] = os.environ | {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._health_port),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": f"{binary.parent}:{os.environ.get('LD_LIBRARY_PATH', '')}",
        }
        log = (self.folder / "logs" / "stdout.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [*WITH_PARENT, str(binary), "run", "standalone"], env=environment, cwd=self.folder, stdout=log, stderr=log
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


def _free_ports(names: list[str]) -> dict[str, int]:
    """Return a port for each name, each another one, that can be listened at even without waiting for old connections."""
    with ExitStack() as probes:
        ports = {}
        for name in names:
            while name not in ports:
                port, probe = free_port(), probes.enter_context(socket.socket())
                with suppress(OSError):
                    probe.bind(("127.0.0.1", port))
                    ports[name] = port
    return ports


@contextmanager
def milvus_in(folder: Path, *, certificates: Path | None = None) -> Iterator[MilvusProcess]:
    """A running server over an empty folder, which ends with the block."""
    server = MilvusProcess(folder, certificates=certificates)
    try:
        server.start()
        yield server
    finally:
        server.kill()
