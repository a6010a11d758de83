"""A preview that is not there yet, made when it is first shown: of the picture, or the smallest of a larger preview."""

import hashlib
import logging

from runtime.errors import ImageError, ImageNotFound
from runtime.images import PREVIEW_EDGE, PREVIEW_EDGES, encode_preview, make_previews, opened_file
from runtime.library.catalog import Library
from runtime.library.opened_file import OpenedFile
from runtime.library.previews.kept_previews import Previews

log = logging.getLogger(__name__)
SMALLEST_EDGE = min(PREVIEW_EDGES)


def preview_of(library: Library, sha256: str, edge: int) -> OpenedFile | bytes:
    """Return the preview of a picture with this content, made and kept if need be; bytes where it cannot be kept.

    Raises:
        ImageNotFound: no picture with this content lies where the index says.
        ImageUnreadable, ImageTooLarge, PicturesUnsupported: it cannot be decoded.
    """
    if found := library.previews.find(sha256, edge):  # another request may have made it meanwhile
        return found
    if edge == SMALLEST_EDGE and (made := made_smallest(library.previews, sha256)):
        library.previews.keep(sha256, {edge: made})
        return library.previews.find(sha256, edge) or made
    for row in library.rows_of_content(sha256):
        try:
            with library.open_file(row.image_path) as file:
                content = file.content.read() if file.stat.st_size == row.bytes else b""
        except ImageNotFound:
            continue  # a copy of it may still be there
        if hashlib.sha256(content).hexdigest() != sha256:  # another picture was put in its place
            continue
        previews = make_previews(content, row.image_path)
        library.previews.keep(sha256, previews)
        return library.previews.find(sha256, edge) or previews[edge]
    raise ImageNotFound(f"{sha256}.{edge}.jpg")


def made_smallest(previews: Previews, sha256: str) -> bytes | None:
    """Return the smallest preview of a picture, made of the next larger one; None where that is lacking or damaged.

    An index or a release from before there was the smallest gets it so for a tenth of what the picture itself would take.
    """
    larger = previews.find(sha256, PREVIEW_EDGE)
    if larger is None:
        return None
    try:
        with larger, opened_file(larger.path, sha256) as opened:
            return encode_preview(opened.image, SMALLEST_EDGE)
    except ImageError as error:
        log.warning("a preview is passed over: %s", error)
        return None
