"""The catalogue (SQLite): id -> image path, size, sha256, caption; and from an image path to its file and its URL.

Owns the catalogue's form and reads it, but for its full text, which is `text_index.py`'s. `export/index/catalog.py` writes
both; `runtime/images` opens the pictures.
"""

import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.folder import Folder, open_folder
from runtime.artefacts.manifest import IndexManifest
from runtime.errors import ArtefactCorrupt, ArtefactError, ArtefactMissing, ImageNotFound, RemoteRefused
from runtime.images import OpenedImage, opened_file, shrink_image
from runtime.library.caption_words import CaptionWords
from runtime.library.catalog_columns import read_captions, selected_columns
from runtime.library.opened_file import OpenedFile, open_picture_file
from runtime.library.text_index import TextIndex

log = logging.getLogger(__name__)

ID_MAX = 2**63 - 1  # SQLite's largest integer; ids begin at 1
CATALOG_FORMAT = 1  # SQLite's user_version of the file
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
REMEDY = "Build the index again: lookwhy index FOLDER."
COLUMNS = "id, image_path, sha256, bytes, width, height, caption, caption_source, other_captions"
IndexedSource = Literal["index", "given"]


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One picture of the library.

    `image_path` is relative to the folder of pictures, with forward slashes. `width` and `height` are in pixels, upright.
    `caption` is None where none has been made yet; an empty one was made, without any word. `caption_source` is "given"
    where a person gave it; then `other_captions` are those given beside it. None of these is empty.
    """

    id: int
    image_path: str
    sha256: str
    bytes: int
    width: int
    height: int
    caption: str | None
    caption_source: IndexedSource = field(default="index", kw_only=True)
    other_captions: tuple[str, ...] = field(default=(), kw_only=True)


class Library:
    """A catalogue and the folder of its pictures. Any thread may call any method."""

    def __init__(self, catalog: Path, images: Path | Folder, image_base_url: str | None = None) -> None:
        """Open the catalogue for reading; nothing is ever written to its folder.

        Args:
            catalog: the SQLite file.
            images: the folder of pictures; it may be absent where they are served from elsewhere. Pictures on S3 are fetched
                when they are needed, and kept until the disk is full; then all of them are removed.
            image_base_url: what an image path is appended to; None means `/images` of this server.

        Raises:
            ArtefactMissing: there is no such file.
            ArtefactCorrupt: it is no catalogue of this form.
        """
        self._images = open_folder(images)
        self._images_dir = self._images.path.resolve()
        self._base_url = "/images" if image_base_url is None else image_base_url.rstrip("/")
        self._connection = open_catalog(catalog)
        self._columns = selected_columns(self._connection, COLUMNS)
        weakref.finalize(self, self._connection.close)  # from 3.13 on, Python warns of one left open
        self._lock = threading.Lock()  # one shared connection: a look-up takes microseconds, words a few milliseconds
        self.text = TextIndex(self._connection, self._lock)
        self.words = CaptionWords(self._connection, self._lock)

    @classmethod
    def open(
        cls,
        index_dir: Path,
        manifest: IndexManifest,
        *,
        images: Path | Folder | None = None,
        image_base_url: str | None = None,
    ) -> Self:
        """Return the library that a manifest names; `images` overrides where its pictures lay when it was built."""
        return cls(index_dir / manifest.catalog.path, images or Path(manifest.images_dir), image_base_url)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return int(self._fetch("SELECT count(*) FROM images", ())[0][0])

    def rows(self, ids: Sequence[int]) -> list[ImageRow]:
        """Return the rows of `ids`, in their order; an id may occur twice.

        Raises:
            ImageNotFound: an id is unknown.
        """
        query = f"SELECT {self._columns} FROM images WHERE id IN ({', '.join('?' * len(ids))})"
        storable = (int(image_id) if abs(image_id) <= ID_MAX else -1 for image_id in ids)
        by_id = {row.id: row for row in self._select(query, *storable)}
        unknown = [image_id for image_id in ids if image_id not in by_id]
        if unknown:
            raise ImageNotFound(f"id {unknown[0]}")
        return [by_id[image_id] for image_id in ids]

    def some_ids(self, count: int) -> list[int]:
        """Return about `count` ids, evenly spread over all; all of them where there are fewer."""
        step = max(1, self.count // count)
        rows = self._fetch("SELECT id FROM images WHERE rowid % ? = 0 ORDER BY id", (step,))
        return [image_id for (image_id,) in rows]

    def row_by_path(self, image_path: str) -> ImageRow:
        """Return the row of the picture at exactly this path.

        Raises:
            ImageNotFound: no row has this path.
        """
        try:
            found = self._select(f"SELECT {self._columns} FROM images WHERE image_path = ?", image_path)
        except UnicodeEncodeError:  # half a surrogate pair, from a badly escaped URL
            found = []
        if not found:
            raise ImageNotFound(image_path)
        return found[0]

    def image_file(self, image_path: str) -> Path:
        """Return where the file of a picture lies now. To read it, use `open_file`, which raises the same."""
        self.open_file(image_path).close()
        return (self._images_dir / image_path).resolve()

    def open_file(self, image_path: str) -> OpenedFile:
        """Return the file of a picture of this library, opened, so that what is read is what was checked.

        The path must be in the catalogue, letter for letter, and the file in the folder of pictures once links are followed.

        Raises:
            ImageNotFound: the catalogue has no such path, its file is gone or leads out of the folder, or S3 did not give
                the picture that was indexed (the log has the cause).
        """
        row = self.row_by_path(image_path)
        self._fetch_picture(row)
        return open_picture_file(self._images_dir, row.image_path)

    @contextmanager
    def opened_picture(self, row: ImageRow) -> Iterator[OpenedImage]:
        """Hold a picture of this library, decoded: RGB, upright. It is not to be kept beyond the block.

        Raises:
            ImageNotFound: its file is gone.
            ImageUnreadable, ImageTooLarge: something else has been put in its place.
        """
        with self.open_file(row.image_path) as file, opened_file(file.path, row.image_path) as picture:
            yield picture

    def small_picture(self, row: ImageRow, edge: int, max_bytes: int) -> bytes:
        """Return a picture of this library as a JPEG of at most `max_bytes`, its longest edge of `edge` pixels or fewer.

        Raises:
            ImageNotFound, ImageUnreadable, ImageTooLarge: as `opened_picture`.
        """
        with self.open_file(row.image_path) as opened:
            return shrink_image(opened.path, row.image_path, max_bytes, edge=edge)

    def image_url(self, row: ImageRow) -> str:
        """Return where a browser finds the picture: the base URL and the percent-quoted path."""
        return f"{self._base_url}/{quote(row.image_path)}"

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _fetch_picture(self, row: ImageRow) -> None:
        try:
            self._images.fetch(FileRecord(path=row.image_path, bytes=row.bytes, sha256=row.sha256), make_room=True)
        except (ArtefactError, RemoteRefused) as error:
            log.warning("no picture: %s", error)
            raise ImageNotFound(row.image_path) from error

    def _select(self, query: str, *arguments: str | int) -> list[ImageRow]:
        return [
            ImageRow(*columns, caption_source=source, other_captions=read_captions(others))
            for *columns, source, others in self._fetch(query, arguments)
        ]

    def _fetch(self, query: str, arguments: Iterable[str | int]) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, tuple(arguments)).fetchall()


def open_catalog(catalog: Path) -> sqlite3.Connection:
    """Return a read-only connection that any thread may use, one at a time.

    Raises:
        ArtefactMissing: there is no such file.
        ArtefactCorrupt: it is no catalogue of this form.
    """
    if not catalog.is_file():
        raise ArtefactMissing(catalog, REMEDY)
    # immutable: generations are never written again, so SQLite needs no lock and no journal beside the file
    uri = f"file:{quote(os.fsencode(catalog.absolute()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    try:
        [(given,)] = connection.execute("PRAGMA user_version").fetchall()
        connection.execute("SELECT 1 FROM images, skipped, counters LIMIT 1").fetchall()
    except sqlite3.DatabaseError as cause:
        connection.close()
        raise ArtefactCorrupt(catalog, f"it is no catalogue ({cause})", REMEDY) from cause
    if given != CATALOG_FORMAT:
        connection.close()
        raise ArtefactCorrupt(catalog, f"its form is {given}, this program reads {CATALOG_FORMAT}", REMEDY)
    return connection
