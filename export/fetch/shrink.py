"""Downloaded bytes -> what is kept of a picture. Decoding is left to `runtime/images`; reads and writes no file."""

from runtime.errors import ImageUnreadable
from runtime.images import opened_bytes, shrink_bytes

NAME = "the answer"
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
    if max_side_px:
        return shrink_bytes(content, NAME, max_side_px, JPEG_QUALITY), ".jpg"
    with opened_bytes(content, NAME):  # only to see that it is one
        return content, next((suffix for start, suffix in SIGNATURES if content.startswith(start)), ".avif")


def explain_unreadable(content: bytes, error: ImageUnreadable) -> str:
    """Return why the downloaded bytes are no picture; servers often send a page where a picture is missing."""
    if content.lstrip()[:1] in (b"<", b"{"):
        return "a web page or other text came, no picture"
    return f"what came cannot be read as a picture: {error.reason}"
