"""All previews of a picture file, from one decode of it."""

from collections.abc import Mapping

from runtime.images.colour import read_profile, to_srgb
from runtime.images.opening import opened_bytes
from runtime.images.previews import PREVIEW_EDGES, encode_preview


def make_previews(content: bytes, name: str) -> Mapping[int, bytes]:
    """Return the previews of a picture file, by edge: JPEGs, upright, in sRGB, without metadata.

    Raises:
        ImageUnreadable, ImageTooLarge, PicturesUnsupported: as `decode_image`.
    """
    largest = max(PREVIEW_EDGES)
    with opened_bytes(content, name, longest_edge=largest) as opened:
        opened.image.thumbnail((largest, largest))
        picture = to_srgb(opened.image, read_profile(content))
        return {edge: encode_preview(picture, edge) for edge in PREVIEW_EDGES}
