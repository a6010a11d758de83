"""Pictures made smaller, as JPEG, for an answer or a request that has no room for the file."""

import io
from pathlib import Path

from runtime.images.opening import opened_bytes, opened_file

SHRUNK_EDGE_PIXELS = 2048  # fills a screen
SHRUNK_QUALITY = 85


def shrink_image(path: Path, name: str, max_bytes: int, *, edge: int = SHRUNK_EDGE_PIXELS) -> bytes:
    """Return the picture in a file as a JPEG of at most `max_bytes`, its longest edge of `edge` pixels or fewer.

    Raises:
        ImageNotFound, ImageUnreadable, ImageTooLarge: as `open_image`.
    """
    with opened_file(path, name, longest_edge=edge) as opened:
        while True:
            opened.image.thumbnail((edge, edge))
            jpeg = io.BytesIO()
            opened.image.save(jpeg, "JPEG", quality=SHRUNK_QUALITY)
            if jpeg.tell() <= max_bytes:
                return jpeg.getvalue()
            edge //= 2  # for noise alone: 2048 x 2048 pixels of a photo take about 1 MB


def shrink_bytes(content: bytes, name: str, edge: int, quality: int) -> bytes:
    """Return the picture in some bytes as an upright JPEG, its longest edge of `edge` pixels or fewer.

    Raises:
        ImageUnreadable, ImageTooLarge: as `decode_image`.
    """
    with opened_bytes(content, name, longest_edge=edge) as opened:
        opened.image.thumbnail((edge, edge))
        jpeg = io.BytesIO()
        opened.image.save(jpeg, "JPEG", quality=quality)
        return jpeg.getvalue()
