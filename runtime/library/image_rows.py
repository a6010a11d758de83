"""The table of a library's pictures: its form, its rows as they are read, and whether their files are still the same.

`export/index/catalog.py` writes it. What else a catalogue holds has tables of its own, in modules of their own.
"""

import os
import threading
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from types import NoneType
from typing import Literal, get_args

from cachetools import LRUCache

from runtime.artefacts.file_record import FileRecord, sha256_of
from runtime.library.catalog_file import CATALOG_FORMAT, CatalogFile, read_captions

ID_MAX = 2**63 - 1  # SQLite's largest integer; ids begin at 1
READ_REMEMBERED = 10_000  # files that had to be read to know whether they have changed
CATALOG_SCHEMA = f"""
    PRAGMA user_version = {CATALOG_FORMAT};
    -- One row a picture. mtime_ns is for the next indexing run, which hashes only files that look changed.
    CREATE TABLE images (
        id INTEGER PRIMARY KEY,
        image_path TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        caption TEXT,  -- the one that is shown
        caption_source TEXT NOT NULL DEFAULT 'index',  -- "given" where a person gave it
        other_captions TEXT,  -- those given beside it, a JSON list; NULL for none
        made_caption TEXT  -- what the models made of a picture with a given caption, if they did
    );
    -- What the last run could not index, and why. sha256 is NULL where the file could not even be read.
    CREATE TABLE skipped (
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        sha256 TEXT,
        bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL
    );
    -- next_id: ids of removed pictures are not given again. scanned_ns: when the last run began to look.
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
COLUMNS = "id, image_path, sha256, bytes, width, height, caption, mtime_ns, caption_source, other_captions"
IndexedSource = Literal["index", "given"]
SOURCES: dict[str, IndexedSource] = {source: source for source in get_args(IndexedSource)}
# of the columns, in their order
ROW_TYPES = set(product([int], [str], [str], *[[int]] * 3, [str, NoneType], [int, NoneType], [str], [str, NoneType]))


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One picture of the library.

    `image_path` is relative to the folder of pictures, with forward slashes. `width` and `height` are in pixels, upright.
    `caption` is None where none has been made yet; an empty one was made, without any word. `caption_source` is "given"
    where a person gave it; then `other_captions` are those given beside it. None of these is empty. `mtime_ns` is when the
    file was written, as it was indexed; None where that is not known.
    """

    id: int
    image_path: str
    sha256: str
    bytes: int
    width: int
    height: int
    caption: str | None
    mtime_ns: int | None = None
    caption_source: IndexedSource = field(default="index", kw_only=True)
    other_captions: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def file(self) -> FileRecord:
        """Its file's record, as it was indexed."""
        return FileRecord(path=self.image_path, bytes=self.bytes, sha256=self.sha256)


def select_rows(catalog: CatalogFile, query: str, *arguments: str | int) -> list[ImageRow]:
    """Return the pictures that a query over `COLUMNS` gives.

    Raises:
        ArtefactCorrupt: the file is damaged.
    """
    found = catalog.fetch(query, *arguments)
    if not all(tuple(map(type, row)) in ROW_TYPES for row in found):  # SQLite gives what a file says
        raise catalog.damage("a row has a value of another kind")
    try:
        return [
            ImageRow(*columns, caption_source=SOURCES[source], other_captions=read_captions(others))
            for *columns, source, others in found
        ]
    except (KeyError, ValueError, TypeError) as cause:
        raise catalog.damage("a row has another source, or other captions that are no list") from cause


class ChangedPictures:
    """Whether another picture was put in a file's place since: its caption would stand beside the new one.

    Any thread may ask. Of most files, length and time alone are looked at, which takes microseconds. A file of the same
    length and another time, as copying a library makes them, is read once.
    """

    def __init__(self) -> None:
        self._read: LRUCache[tuple[str, int, int, str], bool] = LRUCache(READ_REMEMBERED)
        self._lock = threading.Lock()

    def has_changed(self, file: str, row: ImageRow) -> bool:
        """Return whether the file of a row is another one than was indexed; False where none can be read there."""
        try:
            found = os.stat(file)  # noqa: PTH116 (each hit is looked at; this takes half as long)
            if found.st_size != row.bytes:
                return True
            if row.mtime_ns is None or found.st_mtime_ns == row.mtime_ns:
                return False
            return self._has_other_content(file, found, row.sha256)
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
