"""A preview that is not there yet, made of the picture when it is first shown."""

import hashlib

from runtime.errors import ImageNotFound
from runtime.images import make_previews
from runtime.library.catalog import Library
from runtime.library.opened_file import OpenedFile


def preview_of(library: Library, sha256: str, edge: int) -> OpenedFile | bytes:
    """Return the preview of a picture with this content, made and kept if need be; bytes where it cannot be kept.

    Raises:
        ImageNotFound: no picture with this content lies where the index says.
        ImageUnreadable, ImageTooLarge, PicturesUnsupported: it cannot be decoded.
    """
    if found := library.previews.find(sha256, edge):  # another request may have made it meanwhile
        return found
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
