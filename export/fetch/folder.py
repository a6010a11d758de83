"""The folder that pictures are fetched into: their names, their temporary forms, the list of failures.

Nothing is ever half-written under a final name: content goes to a temporary name, to the disk, then is renamed. Only one
run at a time writes to a folder.
"""

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from export.errors import OutputUnwritable
from runtime.images import IMAGE_SUFFIXES

FAILURES_NAME = "failures.csv"
PART_SUFFIX = ".part"  # no picture's suffix: the index step passes over it


@dataclass(frozen=True)
class Failure:
    """A row of the list that gave no picture, and why."""

    row: int
    url: str
    reason: str


@contextmanager
def open_folder(path: Path) -> Iterator["FetchFolder"]:
    """Yield the folder, made where it is missing, locked, and free of what a killed run left.

    Raises:
        OutputUnwritable: it cannot be made, or another run is writing to it.
    """
    with _unwritable(path):
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY)
    try:
        _lock(descriptor, path)
        folder = FetchFolder(path)
        folder.remove_parts()
        yield folder
    finally:
        os.close(descriptor)  # and with it the lock


class FetchFolder:
    """Pictures by the number of their row: `0001.jpg`, as the seed names them; past 9999 the number just grows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def numbers(self) -> set[int]:
        """Return the rows whose picture is here, whatever its format.

        Raises:
            OutputUnwritable: the folder cannot be read.
        """
        with _unwritable(self.path):
            stems = [file.stem for file in self.path.iterdir() if file.suffix in IMAGE_SUFFIXES]
        return {int(stem) for stem in stems if stem.isdecimal() and stem == f"{int(stem):04d}"}

    def save_picture(self, number: int, content: bytes, suffix: str) -> None:
        """Write one picture, whole or not at all.

        Raises:
            OutputUnwritable: the disk is full, or the folder cannot be written.
        """
        self._write(f"{number:04d}{suffix}", content)

    def write_failures(self, failures: Sequence[Failure]) -> None:
        """Write the failures as CSV; without any, there is no such file.

        Raises:
            OutputUnwritable: the disk is full, or the folder cannot be written.
        """
        if not failures:
            with _unwritable(self.path):
                (self.path / FAILURES_NAME).unlink(missing_ok=True)
            return
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(["row", "url", "reason"])
        table.writerows([failure.row, failure.url, failure.reason] for failure in failures)
        self._write(FAILURES_NAME, text.getvalue().encode())

    def remove_parts(self) -> None:
        """Remove temporary files; only safe while no other run writes here.

        Raises:
            OutputUnwritable: the folder cannot be written.
        """
        with _unwritable(self.path):
            for part in self.path.glob(f".*{PART_SUFFIX}"):
                part.unlink()

    def _write(self, name: str, content: bytes) -> None:
        part = self.path / f".{name}{PART_SUFFIX}"
        with _unwritable(self.path):
            try:
                with part.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())  # else a power cut may leave the final name on an empty file
                part.replace(self.path / name)
            except OSError:
                part.unlink(missing_ok=True)
                raise


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputUnwritable(path, "another fetch is writing to it") from None


@contextmanager
def _unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise OutputUnwritable(path, cause.strerror or str(cause)) from cause
