"""Whether another picture was put in a file's place after it was indexed: its caption would stand beside the new one."""

import os
import threading
from pathlib import Path

from cachetools import LRUCache

from runtime.artefacts.file_record import FileRecord, sha256_of

REMEMBERED_MAX = 10_000  # files that had to be read


class ChangedPictures:
    """Compares files with what the index knows. Any thread may ask.

    Of most, length and time alone are looked at, which takes microseconds. A file of the same length and another time, as
    copying a library makes them, is read once.
    """

    def __init__(self) -> None:
        self._read: LRUCache[tuple[str, int, int, str], bool] = LRUCache(REMEMBERED_MAX)
        self._lock = threading.Lock()

    def has_changed(self, file: str, indexed: FileRecord, mtime_ns: int | None) -> bool:
        """Return whether a file is another one than was indexed; False where none can be read there.

        Args:
            file: where it lies.
            indexed: its record.
            mtime_ns: when it was written, as it was indexed; None where that is not known.
        """
        try:
            found = os.stat(file)  # noqa: PTH116 (each hit is looked at; this takes half as long)
            if found.st_size != indexed.bytes:
                return True
            if mtime_ns is None or found.st_mtime_ns == mtime_ns:
                return False
            return self._has_other_content(file, found, indexed.sha256)
        except (OSError, ValueError):  # it is gone, the disk is away, or its name holds a NUL
            return False

    def _has_other_content(self, file: str, found: os.stat_result, sha256: str) -> bool:
        key = (file, found.st_ino, found.st_mtime_ns, sha256)
        with self._lock:
            known = self._read.get(key)
        if known is None:
            known = sha256_of(Path(file)) != sha256
            with self._lock:
                self._read[key] = known
        return known
