"""A library: its catalogue (SQLite) and its folder of pictures. From an id to a row; from a row to its file and its URL.

Each table of the catalogue has a module of its own, which a library holds opened: `image_rows.py` has the pictures,
`text_index.py` their full text. `runtime/images` opens the pictures.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

from runtime.artefacts.folder import Folder, open_folder
from runtime.artefacts.manifest import IndexManifest
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.artefacts.remote.picture_key import picture_key
from runtime.errors import ArtefactError, ImageNotFound, RemoteRefused
from runtime.images import PREVIEW_EDGES, OpenedImage, opened_file, shrink_image
from runtime.library.caption_words import CaptionWords
from runtime.library.catalog_file import CatalogFile
from runtime.library.copies import Copies
from runtime.library.example_queries import ExampleQueries
from runtime.library.image_rows import COLUMNS, ID_MAX, ChangedPictures, ImageRow, select_rows
from runtime.library.opened_file import OpenedFile, open_picture_file
from runtime.library.photos.filters import Filters
from runtime.library.photos.folder_counts import FolderCounts
from runtime.library.photos.photo_facts import PhotoFactsTable
from runtime.library.photos.picture_pages import PicturePages
from runtime.library.picture_text import PictureTexts
from runtime.library.previews.kept_previews import Previews
from runtime.library.text_index import TextIndex

log = logging.getLogger(__name__)


class Library:
    """A catalogue and the folder of its pictures. Any thread may call any method."""

    judged_least = 0  # pictures of a search; more where none are found by words
    previews = Previews()  # set where it is opened, else none are kept
    decode_rule: DecodeRule = "exact"  # what its pictures were decoded by; set where it is opened, as is the next
    urls_by_content = False  # whether a browser finds the pictures under their sha256

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
        self._images = open_folder(images)
        self.images_dir = self._images.path.resolve()  # where pictures lie, links followed
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
        self.examples = ExampleQueries(self._catalog)
        self.folders = FolderCounts(self.filters)
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
        by_id = {row.id: row for row in select_rows(self._catalog, query, *storable)}
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
            found = select_rows(self._catalog, f"SELECT {self._columns} FROM images WHERE image_path = ?", image_path)
        except UnicodeEncodeError:  # half a surrogate pair, from a badly escaped URL
            found = []
        if not found:
            raise ImageNotFound(image_path)
        return found[0]

    def rows_of_content(self, sha256: str) -> list[ImageRow]:
        """Return the rows of the pictures whose files have this content; none where there are none."""
        return select_rows(self._catalog, f"SELECT {self._columns} FROM images WHERE sha256 = ? ORDER BY id", sha256)

    def image_file(self, image_path: str) -> Path:
        """Return where the file of a picture lies now. To read it, use `open_file`, which raises the same."""
        self.open_file(image_path).close()
        return (self.images_dir / image_path).resolve()

    def open_file(self, image_path: str) -> OpenedFile:
        """Return the file of a picture of this library, opened, so that what is read is what was checked.

        The path must be in the catalogue, letter for letter, and the file in the folder of pictures once links are followed.

        Raises:
            ImageNotFound: the catalogue has no such path, its file is gone or leads out of the folder, or S3 did not give
                the picture that was indexed (the log has the cause).
        """
        row = self.row_by_path(image_path)
        self._fetch_picture(row)
        return open_picture_file(self.images_dir, row.image_path)

    @contextmanager
    def opened_picture(self, row: ImageRow) -> Iterator[OpenedImage]:
        """Hold a picture of this library, decoded: RGB, upright; its preview where there are no pictures. Not to be kept.

        Raises:
            ImageNotFound: its file is gone.
            ImageUnreadable, ImageTooLarge: something else has been put in its place.
        """
        name, rule = row.image_path, self.decode_rule
        only_preview = None if self.images_dir.is_dir() else self.previews.find(row.sha256, max(PREVIEW_EDGES))
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
        return bool(changes and changes.has_changed(f"{self.images_dir}/{row.image_path}", row))

    def image_url(self, row: ImageRow) -> str:
        """Return where a browser finds the picture: the base URL and the percent-quoted path."""
        key = picture_key(row.sha256, row.image_path) if self.urls_by_content else row.image_path
        return f"{self._base_url}/{quote(key)}"

    def check(self) -> None:
        """Return if searches can be answered: a file that was opened is there."""

    def close(self) -> None:
        """Let go of the file."""
        self._catalog.close()

    def _fetch_picture(self, row: ImageRow) -> None:
        try:
            self._images.fetch(row.file, make_room=True)
        except (ArtefactError, RemoteRefused) as error:
            log.warning("no picture: %s", error)
            raise ImageNotFound(row.image_path) from error
