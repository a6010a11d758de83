"""What becomes of decoded pixels: any mode to RGB in little memory, upright, and how much of a cut picture is missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.errors import ImageUnreadable
from runtime.images.reasons import COLOUR_SPACE, UNKNOWN_RANGE

if TYPE_CHECKING:
    from PIL.Image import Image

CONVERTED_MODES = frozenset({"1", "L", "P", "LA", "PA", "La", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV"})
BITS, PHOTOMETRIC, SAMPLE_FORMAT, SIGNED = 258, 262, 339, 2  # TIFF's tags; the last one's value of signed integers
STRIP_PIXELS = 1_000_000  # converted at a time where a whole picture's copy would be too much
SAMPLED_COLUMNS = 64
MISSING_MAX = 0.5  # of the rows of a file that was cut short: a browser shows what there is


def check_mode(image: "Image", name: str) -> None:
    """Refuse, by its header, a picture whose numbers are no colours.

    Integers of 32 bits are refused as floating-point ones are: what is black and what is white is written nowhere. Scaled
    by the least and the greatest, one hot pixel of a measuring device would make the rest black.

    Raises:
        ImageUnreadable: its numbers have an unknown range, or are of a colour space that is not supported.
    """
    if image.mode == "F":
        raise ImageUnreadable(name, f"{UNKNOWN_RANGE} floating-point numbers, whose range is unknown")
    if (image.mode == "I" and image.format != "PPM") or _tag_of(image, SAMPLE_FORMAT) == SIGNED:
        raise ImageUnreadable(name, f"{UNKNOWN_RANGE} signed or 32-bit integers, whose range is unknown")
    if image.mode not in CONVERTED_MODES and not _is_16_bit(image):
        raise ImageUnreadable(name, f"{COLOUR_SPACE} ({image.mode}) is not supported")


def to_rgb(image: "Image", factor: int) -> "Image":
    """Return a decoded picture as RGB, its edges divided by `factor` (rounded up); it may be the picture itself.

    It is converted strip by strip, so that beside the picture only the result is held.
    """
    from PIL import Image, ImageChops

    image.info.pop("transparency", None)  # it is dropped, and a damaged one would be refused
    if image.mode == "RGB":
        return image if factor == 1 else image.reduce(factor)
    shift, is_negative = _bits_of(image) - 8, _is_16_bit(image) and _tag_of(image, PHOTOMETRIC) == 0
    reduced = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    reduced.info = image.info  # with its colour profile
    for top, bottom in _strips(image, factor):
        strip = image.crop((0, top, image.width, bottom))
        colour = _upper_bits(strip, shift) if _is_16_bit(image) else strip.convert("RGB")
        if is_negative:  # Pillow turns those of 8 bits and fewer itself
            colour = ImageChops.invert(colour)
        reduced.paste(colour if factor == 1 else colour.reduce(factor), (0, top // factor))
    return reduced


def upright(image: "Image", orientation: int) -> "Image":
    """Return a picture turned as EXIF's orientation says; with 1, the picture itself."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def missing_share(image: "Image") -> float:
    """Return which share of the rows of a cut picture was never decoded: those in one colour, the last row's or the first's.

    Decoders leave what they do not reach black, or grey. Files of BMP begin with the last row.
    """
    rows = np.asarray(image.resize((min(image.width, SAMPLED_COLUMNS), image.height), 0))  # nearest: (height, columns, 3)
    shares = [0.0]
    for end in (rows[-1], rows[0]):
        if (end == end[0]).all():
            shares.append(float((rows == end[0]).all(axis=(1, 2)).mean()))
    return max(shares)


def _strips(image: "Image", factor: int) -> Iterator[tuple[int, int]]:
    height = max(1, STRIP_PIXELS // image.width // factor) * factor
    for top in range(0, image.height, height):
        yield top, min(top + height, image.height)


def _is_16_bit(image: "Image") -> bool:
    return image.mode.startswith("I")


def _tag_of(image: "Image", tag: int) -> Any:  # noqa: ANN401 (a file may have any type there)
    """Return what a TIFF has under a tag, the first of several; None where it is no TIFF or has none."""
    tags = getattr(image, "tag_v2", None)
    value = None if tags is None else tags.get(tag)
    return value[0] if isinstance(value, tuple) and value else value


def _bits_of(image: "Image") -> int:
    """Return how many bits the numbers of a grey picture have: 16 but for the 12 of some scanners' TIFF."""
    return 12 if _is_16_bit(image) and _tag_of(image, BITS) == 12 else 16


def _upper_bits(strip: "Image", shift: int) -> "Image":
    from PIL import Image

    numbers = np.asarray(strip)  # (height, width) uint16; int32 of a PPM
    return Image.fromarray((numbers >> shift).astype(np.uint8)).convert("RGB")
