"""CPU seconds of the processes that this one started, and of those that they started: other work changes them little."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

LOOK_EVERY_S = 0.2  # what a process does between its last look and its end is not counted
PARENT_AT, USER_AT, SYSTEM_AT = 1, 11, 12  # in /proc/PID/stat, behind the name


class CpuOfChildren:
    """A context manager; `seconds` is what was used between its beginning and its end. Linux."""

    seconds = 0.0

    def __enter__(self) -> Self:
        self._used: dict[int, float] = dict(_children())
        self._before = sum(self._used.values())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._used.update(_children())
        self.seconds = sum(self._used.values()) - self._before

    def _look(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self._used.update(_children())


def _children() -> Iterator[tuple[int, float]]:
    """Yield each process that has this one as an ancestor, with its CPU seconds so far."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        pid = int(file.parent.name)
        parents[pid] = int(fields[PARENT_AT])
        used[pid] = (int(fields[USER_AT]) + int(fields[SYSTEM_AT])) / os.sysconf("SC_CLK_TCK")
    for pid, seconds in used.items():
        ancestor = parents[pid]
        while ancestor in parents and ancestor != os.getpid():
            ancestor = parents[ancestor]
        if ancestor == os.getpid():
            yield pid, seconds
