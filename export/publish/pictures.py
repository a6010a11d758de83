"""What is sent of pictures: their previews, and if wanted the originals, to where browsers and the function find them.

Each lies under the sha256 of its picture's file: another picture in its place has another address.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from rich.console import Console

from export.console import progress_bar
from export.publish.errors import ChangedMeanwhile
from export.publish.picture_keys import lying_there
from export.publish.s3 import S3Folder
from export.publish.sending import FOR_GOOD, in_parallel
from runtime.artefacts.file_record import sha256_of_opened
from runtime.artefacts.remote.picture_key import picture_key
from runtime.errors import ImageNotFound
from runtime.images import PREVIEW_EDGES, picture_as_jpeg
from runtime.images.stripping.original import shown_original
from runtime.images.stripping.pieces import PieceFile
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.opened_file import OpenedFile
from runtime.library.previews.made_previews import preview_of
from runtime.library.previews.preview_files import preview_name

FOR_AN_HOUR = "public, max-age=3600"  # with metadata or without is decided by whoever publishes, and may change
JPEG = "image/jpeg"
INDEX_AGAIN = "Bring the index up to date (lookwhy index FOLDER), then publish again."


@dataclass(frozen=True)
class OriginalsForm:
    """In which form originals are published.

    Where browsers get them from there (`shown`), they have no metadata unless `with_metadata`, and what browsers do not show
    is a JPEG, as the server answers them. Else they go byte for byte, as the function compares them with the index.
    """

    shown: bool = False
    with_metadata: bool = False


def send_previews(
    library: Library, there: S3Folder, named: frozenset[str], console: Console | None = None
) -> tuple[frozenset[str], int]:
    """Send the previews that do not lie there yet. What is not made yet is made now, and kept beside the index.

    Args:
        library: whose they are.
        there: where they go.
        named: the names of those that releases before have.
        console: where progress is shown.

    Returns:
        The names of all, and how many were sent.

    Raises:
        ImageNotFound: a picture that has no preview yet is gone.
        ImageUnreadable, ImageTooLarge: it cannot be decoded.
        RemoteRefused: AWS did not take one.
    """
    wanted = {preview_name(row.sha256, edge): (row.sha256, edge) for row in _rows(library) for edge in PREVIEW_EDGES}
    present = lying_there(there, named)
    new = [name for name in wanted if name not in present]
    with progress_bar(console or Console(quiet=True), "Sending previews", len(new), transient=True) as advance:

        def send(name: str) -> None:
            found = preview_of(library, *wanted[name])
            if isinstance(found, bytes):
                there.write(name, found, cache=FOR_GOOD)
            else:
                with found:
                    there.write(name, found.content, cache=FOR_GOOD)
            advance(1)

        in_parallel(send, new)
    return frozenset(wanted), len(new)


def send_originals(
    library: Library, form: OriginalsForm, there: S3Folder, named: frozenset[str], console: Console | None = None
) -> tuple[frozenset[str], int]:
    """Send the pictures that do not lie there yet in this form; otherwise as `send_previews`.

    Raises:
        ChangedMeanwhile: a file is gone, or is not the one that was indexed.
    """
    rows = list(_rows(library))
    present = lying_there(there, named)
    with progress_bar(console or Console(quiet=True), "Sending pictures", len(rows), transient=True) as advance:

        def send(row: ImageRow) -> bool:
            length = present.get(picture_key(row.sha256, row.image_path), -1)
            with _opened(library, row) as opened:
                sent = _send_shown(row, opened, there, length, form) if form.shown else _send(row, opened, there, length)
            advance(1)
            return sent

        sent = in_parallel(send, rows)
    return frozenset(picture_key(row.sha256, row.image_path) for row in rows), sum(sent)


def _send(row: ImageRow, opened: OpenedFile, there: S3Folder, length: int) -> bool:
    if length == row.bytes:
        return False
    _refuse_another(row, opened)
    there.write(picture_key(row.sha256, row.image_path), opened.content, cache=FOR_AN_HOUR)
    return True


def _send_shown(row: ImageRow, opened: OpenedFile, there: S3Folder, length: int, form: OriginalsForm) -> bool:
    """Send what browsers see of a picture. One that is decoded for that has another length than its file."""
    key = picture_key(row.sha256, row.image_path)
    _refuse_another(row, opened)
    shown = shown_original(opened.content.fileno(), with_metadata=form.with_metadata)
    if shown is None:
        if length not in (-1, row.bytes):
            return False
        there.write(key, picture_as_jpeg(opened.path, row.image_path), cache=FOR_AN_HOUR, media_type=JPEG)
        return True
    if length == shown.pieces.size:
        return False
    content: BinaryIO = io.BufferedReader(PieceFile(opened.content.fileno(), shown.pieces))
    there.write(key, content, cache=FOR_AN_HOUR, media_type=shown.media_type)
    return True


def _opened(library: Library, row: ImageRow) -> OpenedFile:
    try:
        return library.open_file(row.image_path)
    except ImageNotFound:
        raise ChangedMeanwhile(row.image_path, INDEX_AGAIN) from None


def _refuse_another(row: ImageRow, opened: OpenedFile) -> None:
    """Refuse another picture than was indexed: it would be shown with this one's caption, and under its address for good."""
    if row.sha256 and sha256_of_opened(opened.content) != row.sha256:
        raise ChangedMeanwhile(row.image_path, INDEX_AGAIN)


def _rows(library: Library) -> Iterator[ImageRow]:
    yield from library.rows(library.some_ids(max(1, library.count)))
