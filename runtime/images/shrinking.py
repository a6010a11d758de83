"""Pictures as JPEG: whole where browsers do not show the file, or smaller where an answer or a request has no room for it.

None of them has metadata. Pillow would take the comment of a GIF along.
"""

import io
from pathlib import Path

from runtime.images.opening import opened_bytes, opened_file

SHRUNK_EDGE_PIXELS = 2048  # fills a screen
SHRUNK_QUALITY = 85
WHOLE_QUALITY = 90
SPACE = slice(16, 20)  # where an ICC profile says of which kind its colours are


def picture_as_jpeg(path: Path, name: str) -> bytes:
    """Return the picture in a file as a JPEG, upright, with its colour profile; over 16 megapixels, of a part of the size.

    Raises:
        ImageNotFound, ImageUnreadable, ImageTooLarge: as `open_image`.
    """
    with opened_file(path, name) as opened:
        profile = opened.image.info.get("icc_profile")
        kept = profile if isinstance(profile, bytes) and profile[SPACE] == b"RGB " else b""
        jpeg = io.BytesIO()
        opened.image.save(jpeg, "JPEG", quality=WHOLE_QUALITY, icc_profile=kept, comment=b"")
        return jpeg.getvalue()


def shrink_image(path: Path, name: str, max_bytes: int, *, edge: int = SHRUNK_EDGE_PIXELS) -> bytes:
    """Return the picture in a file as a JPEG of at most `max_bytes`, its longest edge of `edge` pixels or fewer.

    Raises:
        ImageNotFound, ImageUnreadable, ImageTooLarge: as `open_image`.
    """
    with opened_file(path, name, longest_edge=edge) as opened:
        while True:
            opened.image.thumbnail((edge, edge))
            jpeg = io.BytesIO()
            opened.image.save(jpeg, "JPEG", quality=SHRUNK_QUALITY, comment=b"")
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
        opened.image.save(jpeg, "JPEG", quality=quality, comment=b"")
        return jpeg.getvalue()
