"""Previews of a picture: small JPEGs, upright, in sRGB, without metadata. Knows no file and no index."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

PREVIEW_EDGES = (320, 512, 1600)  # pixels of the longest edge: for a cell or a card, for a large card, to fill a screen
PREVIEW_EDGE = 512  # of those that an answer names; an index has the others, too, but for 320 where it is an older one
PREVIEW_QUALITY = 85
GAP = 2.0  # a picture is first averaged over whole pixels, down to no less than so many times the preview


def encode_previews(image: "Image") -> Mapping[int, bytes]:
    """Return all previews of an upright sRGB picture, by edge; each is made of the next larger one."""
    previews: dict[int, bytes] = {}
    for edge in sorted(PREVIEW_EDGES, reverse=True):
        smaller = _shrunk(image, edge)
        is_new = smaller is not image or not previews
        previews[edge] = _encoded(smaller) if is_new else previews[max(previews)]
        image = smaller
    return previews


def encode_preview(image: "Image", edge: int) -> bytes:
    """Return an upright sRGB picture as a JPEG whose longest edge has `edge` pixels, or fewer where it has fewer itself."""
    return _encoded(_shrunk(image, edge))


def _shrunk(image: "Image", edge: int) -> "Image":
    from PIL.Image import Resampling

    longest = max(image.size)
    if longest <= edge:
        return image
    width, height = (max(1, round(one * edge / longest)) for one in image.size)
    # Hamming takes two thirds of bicubic's time, and is as sharp where little is left out (docs of Pillow, filters)
    return image.resize((width, height), Resampling.HAMMING, reducing_gap=GAP)


def _encoded(image: "Image") -> bytes:
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=PREVIEW_QUALITY, comment=b"")  # without it, that of a GIF would go along
    return jpeg.getvalue()
