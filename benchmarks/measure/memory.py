"""How much memory a process holds, by Linux's count: its own, and pages of files, which go when room is needed."""

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

WATCHED_EVERY_S = 0.1


@dataclass(frozen=True)
class Memory:
    """Resident bytes: anonymous, and of mapped files (libraries among them)."""

    anonymous: int
    files: int

    @classmethod
    def now(cls) -> Self:
        """Return this process's."""
        status = Path("/proc/self/status").read_text()
        found = {name: int(kib) * 1024 for name, kib in re.findall(r"(RssAnon|RssFile):\s+(\d+) kB", status)}
        return cls(found["RssAnon"], found["RssFile"])

    def __str__(self) -> str:
        return f"{self.anonymous / 1e6:.0f} MB own + {self.files / 1e6:.0f} MB of files"


class Peak:
    """The most memory of its own that this process holds while the block runs, seen ten times a second."""

    def __enter__(self) -> Self:
        self.before = self.most = Memory.now()
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(WATCHED_EVERY_S):
            self.most = max(self.most, Memory.now(), key=lambda memory: memory.anonymous)
