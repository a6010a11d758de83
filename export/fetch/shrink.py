"""Downloaded bytes -> what is kept of a picture. Decoding is left to `runtime/images.py`; reads and writes no file."""

import io

from runtime.errors import ImageUnreadable
from runtime.images import decode_image

JPEG_QUALITY = 90
# How the formats that `runtime.images` reads begin: where bytes are kept as they are, the suffix must be true.
SIGNATURES = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG", ".png"),
    (b"RIFF", ".webp"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"P", ".ppm"),
)


def shape_picture(content: bytes, max_side_px: int) -> tuple[bytes, str]:
    """Return what is saved of a picture, and its suffix.

    Args:
        content: the downloaded bytes.
        max_side_px: longest side of the upright JPEG that is returned, never enlarged; 0 returns `content` as it is.

    Raises:
        ImageUnreadable, ImageTooLarge: it is no picture that the index step could use.
    """
    picture = decode_image(content, "the answer")
    if not max_side_px:
        return content, next((suffix for start, suffix in SIGNATURES if content.startswith(start)), ".avif")
    picture.thumbnail((max_side_px, max_side_px))
    shaped = io.BytesIO()
    picture.save(shaped, "JPEG", quality=JPEG_QUALITY)
    return shaped.getvalue(), ".jpg"


def explain_unreadable(content: bytes, error: ImageUnreadable) -> str:
    """Return why the downloaded bytes are no picture; servers often send a page where a picture is missing."""
    if content.lstrip()[:1] in (b"<", b"{"):
        return "a web page or other text came, no picture"
    return f"what came cannot be read as a picture: {error.reason}"
