"""What is sent of pictures: their previews, and if wanted the originals, to where browsers and the function find them."""

import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from export.publish.s3 import S3Folder
from runtime.images import PREVIEW_EDGES, picture_as_jpeg
from runtime.images.stripping.original import shown_original
from runtime.images.stripping.pieces import PieceFile
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.made_previews import preview_of
from runtime.library.opened_file import OpenedFile
from runtime.library.previews import preview_path

FOR_AN_HOUR, FOR_GOOD = "public, max-age=3600", "public, max-age=31536000, immutable"
SENT_AT_ONCE = 8
JPEG = "image/jpeg"


def publish_previews(library: Library, there: S3Folder) -> int:
    """Return how many previews were sent: those that do not lie there yet. Those of pictures that left the library go.

    What is not made yet is made now, and kept beside the index.

    Raises:
        ImageNotFound: a picture that has no preview yet is gone.
        ImageUnreadable, ImageTooLarge: it cannot be decoded.
        RemoteRefused: AWS did not take one.
    """
    present = there.paths()
    wanted = {_name(row.sha256, edge): (row.sha256, edge) for row in _rows(library) for edge in PREVIEW_EDGES}
    new = [name for name in wanted if name not in present]

    def send(name: str) -> None:
        found = preview_of(library, *wanted[name])
        if isinstance(found, bytes):
            there.write(name, found, cache=FOR_GOOD)
            return
        with found:
            there.write(name, found.content, cache=FOR_GOOD)

    with ThreadPoolExecutor(SENT_AT_ONCE) as pool:
        list(pool.map(send, new))
    there.remove(name for name in present if name not in wanted)
    return len(new)


def publish_originals(library: Library, there: S3Folder, *, shown: bool = False, with_metadata: bool = False) -> int:
    """Return how many pictures were sent: new ones, and those that changed. Those that left the library are removed.

    Args:
        library: whose they are.
        there: where they go.
        shown: whether browsers get them from there: then without metadata, and what browsers do not show as a JPEG, as the
            server answers them. Else byte for byte, as the function compares them with the index.
        with_metadata: whether they keep it all the same.
    """
    present, listed = there.paths(), {row.image_path: row for row in _rows(library)}
    sent = 0
    for path, row in listed.items():
        with library.open_file(path) as opened:
            sent += (
                _send_shown(row, opened, there, present, with_metadata=with_metadata)
                if shown
                else _send(row, opened, there, present)
            )
    there.remove(path for path in present if path not in listed)
    return sent


def _send(row: ImageRow, opened: OpenedFile, there: S3Folder, present: Mapping[str, tuple[int, float]]) -> bool:
    length, written = present.get(row.image_path, (-1, 0.0))
    if (opened.stat.st_size, True) == (length, opened.stat.st_mtime <= written):
        return False
    there.write(row.image_path, opened.content, cache=FOR_AN_HOUR)
    return True


def _send_shown(
    row: ImageRow, opened: OpenedFile, there: S3Folder, present: Mapping[str, tuple[int, float]], *, with_metadata: bool
) -> bool:
    """Send what browsers see of a picture. One that was decoded for that is told by its own sha256, not by its length."""
    path = row.image_path
    shown = shown_original(opened.content.fileno(), with_metadata=with_metadata)
    if shown is None:
        if path in present and there.sha256(path) == row.sha256:
            return False
        jpeg = picture_as_jpeg(opened.path, path)
        there.write(path, jpeg, cache=FOR_AN_HOUR, sha256=row.sha256, media_type=JPEG)
        return True
    length, written = present.get(path, (-1, 0.0))
    if (shown.pieces.size, True) == (length, opened.stat.st_mtime <= written):
        return False
    content: BinaryIO = io.BufferedReader(PieceFile(opened.content.fileno(), shown.pieces))
    there.write(path, content, cache=FOR_AN_HOUR, media_type=shown.media_type)
    return True


def _rows(library: Library) -> Iterator[ImageRow]:
    yield from library.rows(library.some_ids(max(1, library.count)))


def _name(sha256: str, edge: int) -> str:
    path = preview_path(Path(), sha256, edge)
    return path.relative_to(path.parts[0]).as_posix()
