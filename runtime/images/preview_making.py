"""All previews of a picture file, from one decode of it."""

from collections.abc import Mapping

from runtime.images.opening import opened_bytes
from runtime.images.previews import encode_previews


def make_previews(content: bytes, name: str) -> Mapping[int, bytes]:
    """Return the previews of a picture file, by edge: JPEGs, upright, in sRGB, without metadata.

    Raises:
        ImageUnreadable, ImageTooLarge, PicturesUnsupported: as `decode_image`.
    """
    with opened_bytes(content, name, rule="scaled") as opened:
        return encode_previews(opened.image)
