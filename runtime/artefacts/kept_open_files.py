"""HeldFiles: files of a folder that are kept open, to be read later as they are now, whatever is put in their place.

What is opened on first use, such as a graph that only some searches need, would otherwise be another file by then, or none.
"""

import mmap
import os
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from runtime.artefacts.file_record import FileRecord


class HeldFiles:
    """Open files by their path below a folder. They are closed with the object."""

    def __init__(self, folder: Path) -> None:
        """Hold nothing yet."""
        self._folder = folder
        self._files: dict[str, int] = {}

    def hold(self, records: Iterable[FileRecord]) -> None:
        """Keep these files open from now on; one that is not there is passed over."""
        for record in records:
            with suppress(OSError):
                self._files[record.path] = file = os.open(self._folder / record.path, os.O_RDONLY)
                weakref.finalize(self, os.close, file)

    def are_in_place(self, records: Iterable[FileRecord]) -> bool:
        """Return whether the paths of these files still lead to what is held; true of what is not held."""
        return all(self._is_in_place(record.path) for record in records)

    def content(self, record: FileRecord) -> mmap.mmap | None:
        """Return the bytes of a file that is held, mapped; None of one that is not, or is empty."""
        file = self._files.get(record.path)
        return mmap.mmap(file, 0, access=mmap.ACCESS_READ) if file is not None and os.fstat(file).st_size else None

    def _is_in_place(self, path: str) -> bool:
        if path not in self._files:
            return True
        try:
            there = (self._folder / path).stat()
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._files[path]))
