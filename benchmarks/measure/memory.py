"""Memory of processes, as Linux counts it in /proc."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

SAMPLE_INTERVAL_S = 0.1
BYTES_PER_KB = 1024  # /proc writes kB and means KiB
Pid = int | Literal["self"]


def read_status(pid: Pid) -> dict[str, str]:
    """Return the fields of /proc/PID/status as text; none where the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def status_bytes(field: str, pid: Pid = "self") -> int:
    """Return a memory field of /proc/PID/status, such as VmRSS (resident now) or VmHWM (the most so far), in bytes."""
    return int(read_status(pid)[field].split()[0]) * BYTES_PER_KB


@dataclass(frozen=True)
class Memory:
    """Resident bytes: anonymous, and pages of mapped files (libraries too), which the system drops when it needs room."""

    anonymous: int
    files: int

    @classmethod
    def now(cls) -> Self:
        """Return this process's."""
        return cls(status_bytes("RssAnon"), status_bytes("RssFile"))

    def __str__(self) -> str:
        return f"{self.anonymous / 1e6:.0f} MB own + {self.files / 1e6:.0f} MB of files"


class PeakMemory:
    """The most anonymous memory that this process holds while a `with` block runs, sampled ten times a second."""

    def __enter__(self) -> Self:
        self.before = self.most = Memory.now()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_INTERVAL_S):
            self.most = max(self.most, Memory.now(), key=lambda memory: memory.anonymous)
