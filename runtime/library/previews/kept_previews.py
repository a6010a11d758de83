"""Previews: those that the build or this server made, or that are published, and where new ones are kept.

Beside the index where its folder can be written and has room, else in a cache. The index may go without any.
"""

import errno
import logging
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.fetch_dir import own_folder
from runtime.errors import ImageError, ImageNotFound, RemoteRefused
from runtime.images import KEPT_SHORT_EDGE_PIXELS, PREVIEW_EDGE, PREVIEW_EDGES, SCALED_EDGE_PIXELS, OpenedImage, open_image
from runtime.library.opened_file import OpenedFile, open_picture_file
from runtime.library.previews.preview_cache import PreviewCache, write_previews
from runtime.library.previews.preview_files import READ_EDGE, SHA256, preview_name, preview_path

log = logging.getLogger(__name__)

BASE_URL = "/previews"
KEPT_FREE_BYTES = 1_000_000_000  # left free in the file system of the index
JPEG_ENDS = b"\xff\xd8", b"\xff\xd9"
FETCHED_MAX_BYTES = 10_000_000  # of a preview; those of 1600 pixels have 300,000, of noise 1,500,000
MIN_BYTES = 4
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class Previews:
    """The previews of one library. Any thread may call any method."""

    def __init__(
        self,
        index_dir: Path | None = None,
        *,
        base_url: str | None = BASE_URL,
        cache: PreviewCache | None = None,
        published: Bucket | None = None,
    ) -> None:
        """Keep where they are; nothing is read or made yet.

        Args:
            index_dir: the index's folder; None where there is none that may be written.
            base_url: what a preview's name is appended to; None where nobody is told of previews.
            cache: where they are kept if not there.
            published: where they may be on S3.
        """
        self._index_dir = index_dir and index_dir.resolve()
        self._is_writable = index_dir is not None and os.access(index_dir, os.W_OK | os.X_OK)
        self._base_url, self._cache, self._published = base_url and base_url.rstrip("/"), cache, published

    @classmethod
    def open(cls, index_dir: Path | None, fetch_dir: Path, published_url: str | None, *, base_url: str | None) -> Self:
        """Return the previews of an index; those that cannot be kept beside it are kept in `fetch_dir`."""
        remedy = "Check PREVIEWS_URL, what is published there, and that the function may read it."
        published = Bucket(published_url, remedy) if published_url else None
        cache = PreviewCache(lambda: own_folder(fetch_dir))
        return cls(index_dir, base_url=base_url, cache=cache, published=published)

    def url(self, sha256: str) -> str | None:
        """Return where a browser finds a picture's preview of 512 pixels; others have `.320.` or `.1600.` in its place."""
        return None if self._base_url is None else f"{self._base_url}/{preview_name(sha256, PREVIEW_EDGE)}"

    def find(self, sha256: str, edge: int) -> OpenedFile | None:
        """Return a preview that is kept here, opened, or that is published and then kept here; None where there is none.

        One that a power cut left without its end counts as none.
        """
        if not SHA256.fullmatch(sha256) or edge not in PREVIEW_EDGES:
            return None
        found = self._find_here(sha256, edge)
        if found is None and self._published is not None and (content := self._fetch(self._published, sha256, edge)):
            self.keep(sha256, {edge: content})
            found = self._find_here(sha256, edge)
        return found

    def read(self, sha256: str, width: int, height: int) -> OpenedImage | None:
        """Return the larger preview of a picture, for models to see; None where there is none, or the picture is better.

        A picture that is no larger than the preview is read quickly enough itself, and without the loss of a JPEG. Of a long
        narrow one, the preview's shortest edge would have less than twice what the largest of our models sees.

        Args:
            sha256: of the picture's file.
            width: of the picture, in pixels, upright.
            height: likewise.
        """
        shortest, longest = sorted((width, height))
        if longest <= READ_EDGE or shortest * SCALED_EDGE_PIXELS < KEPT_SHORT_EDGE_PIXELS * longest:
            return None
        file = self.find(sha256, READ_EDGE)
        if file is None:
            return None
        try:
            with file:
                return OpenedImage(open_image(file.path, sha256), width, height, scaled_from=(width, height))
        except ImageError as error:
            log.warning("a preview is passed over: %s", error)
            return None

    def keep(self, sha256: str, previews: Mapping[int, bytes]) -> None:
        """Keep a picture's previews, by edge: beside the index unless the disk is nearly full, or in the cache."""
        try:
            if self._index_dir is None or not self._is_writable:
                if self._cache:
                    self._cache.write(sha256, previews)
            elif shutil.disk_usage(self._index_dir).free > KEPT_FREE_BYTES:
                write_previews(self._index_dir, sha256, previews)
        except OSError as cause:
            log.warning("a preview is not kept: %s", cause)
            if cause.errno in READ_ONLY:
                self._is_writable = False

    def _find_here(self, sha256: str, edge: int) -> OpenedFile | None:
        name = preview_path(Path(), sha256, edge).as_posix()
        for folder in (self._index_dir, None if self._is_writable or not self._cache else self._cache.folder):
            with suppress(ImageNotFound):
                if folder and _is_whole(file := open_picture_file(folder, name)):
                    return file
        return None

    def _fetch(self, published: Bucket, sha256: str, edge: int) -> bytes | None:
        # versions before published them in folders by their first letters, where no address leads
        for name in (preview_name(sha256, edge), f"{sha256[:2]}/{preview_name(sha256, edge)}"):
            content = bytearray()
            try:
                for chunk in published.chunks(name):
                    content += chunk
                    if len(content) > FETCHED_MAX_BYTES:
                        return None
            except RemoteRefused as error:
                log.info("no preview: %s", error)
                continue
            return bytes(content) if content.startswith(JPEG_ENDS[0]) and content.endswith(JPEG_ENDS[1]) else None
        return None


def _is_whole(file: OpenedFile) -> bool:
    """Return whether a file begins and ends as a JPEG does; one that does not is closed."""
    descriptor, size = file.content.fileno(), file.stat.st_size
    if size >= MIN_BYTES and (os.pread(descriptor, 2, 0), os.pread(descriptor, 2, size - 2)) == JPEG_ENDS:
        return True
    file.close()
    return False
