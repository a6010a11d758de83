"""The catalogue (SQLite): id -> image path, size, sha256, caption; and from an image path to its file and its URL.

Owns the catalogue's form and reads it, but for its full text, which is `text_index.py`'s. `export/index/catalog.py` writes
both; `runtime/images` opens the pictures.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from types import NoneType
from typing import Literal, Self, get_args
from urllib.parse import quote

from runtime.artefacts.decode_rule import DecodeRule
from runtime.artefacts.file_record import FileRecord
from runtime.artefacts.folder import Folder, open_folder
from runtime.artefacts.manifest import IndexManifest
from runtime.errors import ArtefactError, ImageNotFound, RemoteRefused
from runtime.images import PREVIEW_EDGES, OpenedImage, opened_file, shrink_image
from runtime.library.caption_words import CaptionWords
from runtime.library.catalog_file import CATALOG_FORMAT, CatalogFile, read_captions
from runtime.library.changed_pictures import ChangedPictures
from runtime.library.copies import Copies
from runtime.library.filters import Filters
from runtime.library.kept_previews import Previews
from runtime.library.opened_file import OpenedFile, open_picture_file
from runtime.library.photo_facts import PhotoFactsTable
from runtime.library.picture_pages import PicturePages
from runtime.library.picture_text import PictureTexts
from runtime.library.text_index import TextIndex

log = logging.getLogger(__name__)

ID_MAX = 2**63 - 1  # SQLite's largest integer; ids begin at 1
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


class Library:
    """A catalogue and the folder of its pictures. Any thread may call any method."""

    previews = Previews()  # set where it is opened, else none are kept
    decode_rule: DecodeRule = "exact"  # what its pictures were decoded by; set where it is opened

    def __init__(self, catalog: Path, images: Path | Folder, image_base_url: str | None = None) -> None:
        """Open the catalogue for reading; nothing is ever written to its folder.

        Args:
            catalog: the SQLite file.
            images: the folder of pictures; it may be absent where they are served from elsewhere. Pictures on S3 are fetched
                when needed, and kept until the disk is full; then all are removed.
            image_base_url: what an image path is appended to; None means `/images` of this server.

        Raises:
            ArtefactMissing, ArtefactCorrupt: there is no such file, or it is no catalogue of this form.
        """
        self.index_dir, self._images = catalog.parent.parent, open_folder(images)
        self._images_dir = self._images.path.resolve()
        # what comes from S3 is compared when fetched
        self._changes = ChangedPictures() if isinstance(images, Path) else None
        self._base_url = "/images" if image_base_url is None else image_base_url.rstrip("/")
        self._catalog = CatalogFile(catalog)
        self._columns = self._catalog.columns(COLUMNS)
        self.text, self.words = TextIndex(self._catalog), CaptionWords(self._catalog)
        self.copies = Copies(self._catalog)
        self.facts = PhotoFactsTable(self._catalog)
        self.filters = Filters(self._catalog)
        self.pages = PicturePages(self._catalog, self.filters)
        self.texts = PictureTexts(self._catalog)

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
        library = cls(index_dir / manifest.catalog.path, images or Path(manifest.images_dir), image_base_url)
        library.decode_rule = manifest.decode
        return library

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return int(self._catalog.fetch("SELECT count(*) FROM images")[0][0])

    def rows(self, ids: Sequence[int]) -> list[ImageRow]:
        """Return the rows of `ids`, in their order; an id may occur twice.

        Raises:
            ImageNotFound: an id is unknown.
        """
        query = f"SELECT {self._columns} FROM images WHERE id IN ({', '.join('?' * len(ids))})"
        storable = (int(image_id) if abs(image_id) <= ID_MAX else -1 for image_id in ids)
        by_id = {row.id: row for row in self._select(query, *storable)}
        if unknown := [image_id for image_id in ids if image_id not in by_id]:
            raise ImageNotFound(f"id {unknown[0]}")
        return [by_id[image_id] for image_id in ids]

    def rows_of_found(self, ids: Sequence[int]) -> list[ImageRow]:
        """Return the rows of ids that the index itself names; raises ArtefactCorrupt where the catalogue lacks one."""
        try:
            return self.rows(ids)
        except ImageNotFound as error:
            raise self._catalog.damage(f"it lacks a picture that the vectors name, {error.image_path}") from None

    def some_ids(self, count: int) -> list[int]:
        """Return about `count` ids, evenly spread over all; all of them where there are fewer."""
        step = max(1, self.count // count)
        rows = self._catalog.fetch("SELECT id FROM images WHERE rowid % ? = 0 ORDER BY id", step)
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

    def rows_of_content(self, sha256: str) -> list[ImageRow]:
        """Return the rows of the pictures whose files have this content; none where there are none."""
        return self._select(f"SELECT {self._columns} FROM images WHERE sha256 = ? ORDER BY id", sha256)

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
        """Hold a picture of this library, decoded: RGB, upright; its preview where there are no pictures. Not to be kept.

        Raises:
            ImageNotFound: its file is gone.
            ImageUnreadable, ImageTooLarge: something else has been put in its place.
        """
        name, rule = row.image_path, self.decode_rule
        only_preview = None if self._images_dir.is_dir() else self.previews.find(row.sha256, max(PREVIEW_EDGES))
        with only_preview or self.open_file(name) as file, opened_file(file.path, name, rule=rule) as picture:
            yield picture

    def small_picture(self, row: ImageRow, edge: int, max_bytes: int) -> bytes:
        """Return a picture of this library as a JPEG of at most `max_bytes`, its longest edge of `edge` pixels or fewer.

        Raises:
            ImageNotFound, ImageUnreadable, ImageTooLarge: as `opened_picture`.
        """
        with self.open_file(row.image_path) as opened:
            return shrink_image(opened.path, row.image_path, max_bytes, edge=edge)

    def has_changed(self, row: ImageRow) -> bool:
        """Return whether another picture has taken the place of the one that was indexed; False where none lies there."""
        changes = self._changes
        return bool(changes and changes.has_changed(f"{self._images_dir}/{row.image_path}", row.file, row.mtime_ns))

    def image_url(self, row: ImageRow) -> str:
        """Return where a browser finds the picture: the base URL and the percent-quoted path."""
        return f"{self._base_url}/{quote(row.image_path)}"

    def close(self) -> None:
        """Let go of the file."""
        self._catalog.close()

    def _fetch_picture(self, row: ImageRow) -> None:
        try:
            self._images.fetch(row.file, make_room=True)
        except (ArtefactError, RemoteRefused) as error:
            log.warning("no picture: %s", error)
            raise ImageNotFound(row.image_path) from error

    def _select(self, query: str, *arguments: str | int) -> list[ImageRow]:
        found = self._catalog.fetch(query, *arguments)
        if not all(tuple(map(type, row)) in ROW_TYPES for row in found):  # SQLite gives what a file says
            raise self._catalog.damage("a row has a value of another kind")
        try:
            return [
                ImageRow(*columns, caption_source=SOURCES[source], other_captions=read_captions(others))
                for *columns, source, others in found
            ]
        except (KeyError, ValueError, TypeError) as cause:
            raise self._catalog.damage("a row has another source, or other captions that are no list") from cause
