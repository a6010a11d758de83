"""Previews of a picture: small JPEGs, upright, in sRGB, without metadata. Knows no file and no index."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

PREVIEW_EDGES = (512, 1600)  # pixels of the longest edge: for a card, and to fill a screen
PREVIEW_QUALITY = 85


def encode_preview(image: "Image", edge: int) -> bytes:
    """Return an upright sRGB picture as a JPEG whose longest edge has `edge` pixels, or fewer where it has fewer itself."""
    small = image.copy()
    small.thumbnail((edge, edge))
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=PREVIEW_QUALITY, comment=b"")  # without it, that of a GIF would go along
    return jpeg.getvalue()
