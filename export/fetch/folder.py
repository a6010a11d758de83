"""The folder that pictures are fetched into: their names, the list of failures, and what a killed run left.

Nothing is ever half-written under a final name, and only one run at a time writes to a folder.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from export.atomic import locked_folder
from export.errors import unwritable_refused
from runtime.artefacts.whole_file import PART_SUFFIX, whole_file
from runtime.images import IMAGE_SUFFIXES

FAILURES_NAME = "failures.csv"
# What a killed run may leave, and nothing else: people keep their own unfinished downloads under such a suffix, too.
UNFINISHED = re.compile(rf"(\d{{4,}}\.[a-z]+|{re.escape(FAILURES_NAME)}){re.escape(PART_SUFFIX)}")


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
    with locked_folder(path, "another fetch is writing to it; wait for that one to end"):
        folder = FetchFolder(path)
        folder.remove_unfinished()
        yield folder


class FetchFolder:
    """Pictures by the number of their row: `0001.jpg`, as the seed names them; past 9999 the number just grows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def numbers(self) -> set[int]:
        """Return the rows whose picture is here, whatever its format.

        Raises:
            OutputUnwritable: the folder cannot be read.
        """
        with unwritable_refused(self.path):
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
            with unwritable_refused(self.path):
                (self.path / FAILURES_NAME).unlink(missing_ok=True)
            return
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(["row", "url", "reason"])
        table.writerows([failure.row, failure.url, failure.reason] for failure in failures)
        self._write(FAILURES_NAME, text.getvalue().encode())

    def remove_unfinished(self) -> None:
        """Remove what a killed run was writing; only safe while no other run writes here.

        Raises:
            OutputUnwritable: the folder cannot be written.
        """
        with unwritable_refused(self.path):
            for file in self.path.iterdir():
                if UNFINISHED.fullmatch(file.name):
                    file.unlink()

    def _write(self, name: str, content: bytes) -> None:
        with unwritable_refused(self.path), whole_file(self.path / name) as file:
            file.write(content)
