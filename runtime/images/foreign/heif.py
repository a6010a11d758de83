"""HEIC and HEIF by pillow-heif: the primary picture, upright, of 8 bits, as TIFF with its colour profile.

The container says which way up it is (irot, imir), and libheif turns it; what EXIF says does not count, as HEIF demands.
"""

import io
import re
import struct
from math import ceil
from typing import TYPE_CHECKING

from runtime.errors import ImageError, ImageUnreadable
from runtime.images import reasons
from runtime.images.foreign.checks import check_size
from runtime.images.limits import KEPT_EDGE_PIXELS, PictureLimits
from runtime.images.memory import BASE_BYTES, reduction
from runtime.images.pixels import MISSING_MAX

if TYPE_CHECKING:
    from PIL.Image import Image
    from pillow_heif import HeifFile

LIST_BYTES = 1_000_000  # the list of items comes first
SIZES = re.compile(rb"ispe\0\0\0\0(.{8})", re.DOTALL)
# Measured: 5.1 bytes a pixel with 8 bits a sample, 7.7 with 10. Colours in full resolution take more.
DECODED_BYTES, DEEP_BYTES = 8, 12  # a pixel: libheif's planes and their RGB
KEPT_BYTES = 10  # a pixel of the result: Pillow's, and twice TIFF's
STRIP_ROWS = 256


def estimate_heif_bytes(content: bytes) -> int:
    """Return about how much memory decoding takes, by the largest size that the list of items names."""
    sizes = [struct.unpack(">II", size) for size in SIZES.findall(content[:LIST_BYTES])]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return _wanted_bytes(width * height, DEEP_BYTES, reduction(width, height, KEPT_EDGE_PIXELS), content)


def unwrap_heif(content: bytes, name: str, limits: PictureLimits) -> tuple[bytes, tuple[int, int]]:
    """Return the primary picture as an uncompressed TIFF, reduced where it is larger than 16 megapixels, and its size.

    Raises:
        ImageUnreadable: it cannot be decoded.
        ImageTooLarge: it is over a limit.
    """
    import pillow_heif

    there = len(content.rstrip(b"\0")) / len(content)
    if there < 1 - MISSING_MAX:  # zeros decode to some colour or other, without an error
        raise ImageUnreadable(name, f"{reasons.CUT_SHORT}: {there:.0%} of the file is there, the rest is zeros")
    options = pillow_heif.options
    options.DECODE_THREADS = 1
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    try:
        file = pillow_heif.open_heif(content, convert_hdr_to_8bit=True)
        size = (int(file.size[0]), int(file.size[1]))
        pixel_bytes = DEEP_BYTES if file.info.get("bit_depth", 8) > 8 else DECODED_BYTES
        factor = reduction(*size, KEPT_EDGE_PIXELS)
        check_size(size, _wanted_bytes(size[0] * size[1], pixel_bytes, factor, content), name, "HEIC", limits)
        image = _rgb(file, factor)
    except (ImageError, MemoryError):
        raise
    except Exception as cause:  # of any kind, as its errors are ValueError, RuntimeError, SyntaxError, EOFError, OSError
        if "Memory allocation" in str(cause) and "Security limit" not in str(cause):  # its own limits, too
            raise ImageUnreadable(name, reasons.OUT_OF_MEMORY) from cause
        version = pillow_heif.libheif_version()
        reason = f"it is damaged, cut short, or a HEIC of a kind that libheif {version} does not read"
        raise ImageUnreadable(name, reason) from cause
    tiff = io.BytesIO()
    profile = file.info.get("icc_profile")
    image.save(tiff, "TIFF", **({"icc_profile": profile} if profile else {}))
    return tiff.getvalue(), size


def _wanted_bytes(pixels: int, pixel_bytes: int, factor: int, content: bytes) -> int:
    return BASE_BYTES + 2 * len(content) + pixels * pixel_bytes + ceil(pixels / factor**2) * KEPT_BYTES


def _rgb(file: "HeifFile", factor: int) -> "Image":
    """Return the decoded picture as RGB, its edges divided by `factor`; it is made in strips."""
    from PIL import Image

    (width, height), mode, data, stride = file.size, file.mode, memoryview(file.data), file.stride
    image = Image.new("RGB", (ceil(width / factor), ceil(height / factor)))
    for top in range(0, height, STRIP_ROWS):
        rows = min(STRIP_ROWS, height - top)
        part = data[top * stride : (top + rows) * stride]
        strip = Image.frombytes(mode, (width, rows), part, "raw", mode, stride).convert("RGB")
        image.paste(strip if factor == 1 else strip.reduce(factor), (0, top // factor))
    return image
