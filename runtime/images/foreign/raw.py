"""Cameras' RAW files by rawpy: the preview that the camera put in, else the sensor's picture in half its size.

A preview is what the camera's own screen showed. One below `PREVIEW_MIN_PIXELS` is too small for the models and the page.
"""

import io
import logging
import struct
from typing import TYPE_CHECKING

import numpy as np

from runtime.errors import ImageError, ImageUnreadable
from runtime.images import reasons
from runtime.images.foreign.checks import check_size
from runtime.images.limits import PictureLimits
from runtime.images.memory import BASE_BYTES
from runtime.images.metadata import EXIF_PREFIX, JPEG_START, ORIENTATION_TAG, without_metadata
from runtime.images.pixels import upright

if TYPE_CHECKING:
    import rawpy
    from PIL.Image import Image

log = logging.getLogger(__name__)

PREVIEW_MIN_PIXELS = 1000  # of its longest edge
QUALITY = 95
# EXIF's orientation by LibRaw's `flip`, and which of those exchange width and height.
ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
TURNED = frozenset({5, 6})
SENSOR_BYTES = 12  # a pixel of the sensor: its numbers, and all that a development in half size holds
FILE_BYTES = 8  # a byte of the file, of which a pixel of the sensor takes one or more, as a rule


def estimate_raw_bytes(content: bytes) -> int:
    """Return about how much memory decoding takes, by the file's length."""
    return BASE_BYTES + FILE_BYTES * len(content)


def unwrap_raw(content: bytes, name: str, limits: PictureLimits) -> tuple[bytes, tuple[int, int]]:
    """Return a RAW file's picture as JPEG, whose EXIF says which way up it is, and the size of the sensor's, upright.

    Raises:
        ImageUnreadable: it cannot be decoded.
        ImageTooLarge: it is over a limit.
    """
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(content)) as raw:
            width, height, flip = raw.sizes.width, raw.sizes.height, raw.sizes.flip
            sensor = raw.sizes.raw_width * raw.sizes.raw_height
            wanted_bytes = BASE_BYTES + 2 * len(content) + sensor * SENSOR_BYTES
            check_size((width, height), wanted_bytes, name, "RAW", limits)
            jpeg = _preview(raw, flip, (width, height)) or _developed(raw)
    except (ImageError, MemoryError):
        raise
    except rawpy.LibRawUnsufficientMemoryError as cause:
        raise ImageUnreadable(name, reasons.OUT_OF_MEMORY) from cause
    except Exception as cause:  # of any kind: LibRaw's errors, and what numpy and Pillow say of a damaged preview
        version = ".".join(map(str, rawpy.libraw_version))
        reason = f"it is damaged, cut short, or a RAW of a kind that LibRaw {version} does not read"
        raise ImageUnreadable(name, reason) from cause
    return jpeg, (height, width) if flip in TURNED else (width, height)


def _preview(raw: "rawpy.RawPy", flip: int, size: tuple[int, int]) -> bytes | None:
    """Return the camera's preview as JPEG, None where it has none that is large enough and can be opened."""
    import rawpy
    from PIL import Image

    try:
        found = raw.extract_thumb()
        if found.format == rawpy.ThumbFormat.JPEG:
            return _upright_preview(bytes(found.data), flip, size)
        if found.format == rawpy.ThumbFormat.BITMAP:
            image = Image.fromarray(np.asarray(found.data))  # (height, width, 3) uint8
            return _jpeg(upright(image, ORIENTATIONS.get(flip, 1))) if max(image.size) >= PREVIEW_MIN_PIXELS else None
    except MemoryError:
        raise
    except Exception as cause:  # of any kind: the sensor's picture may be whole
        log.debug("a preview cannot be used: %s", cause)
    return None


def _upright_preview(jpeg: bytes, flip: int, size: tuple[int, int]) -> bytes | None:
    """Return a JPEG whose EXIF says which way up it is; None where it is too small.

    LibRaw adds EXIF with the sensor's orientation to a preview that has none at its start, whichever way that lies.
    """
    from PIL import Image

    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        preview, said = image.size, image.getexif().get(ORIENTATION_TAG)
    if max(preview) < PREVIEW_MIN_PIXELS:
        return None
    if flip in TURNED and (preview[0] >= preview[1]) != (size[0] >= size[1]):  # it was turned by the camera
        return without_metadata(jpeg).content
    is_to_be_turned = said is None or (said == 1 and flip in TURNED)
    return _with_orientation(jpeg, ORIENTATIONS.get(flip, 1)) if is_to_be_turned else jpeg


def _developed(raw: "rawpy.RawPy") -> bytes:
    """Return the sensor's picture in half its size, upright, in sRGB, with the camera's white balance, as JPEG."""
    from PIL import Image

    return _jpeg(Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True)))  # (height, width, 3) uint8


def _jpeg(image: "Image") -> bytes:
    jpeg = io.BytesIO()
    image.convert("RGB").save(jpeg, "JPEG", quality=QUALITY, subsampling=0)
    return jpeg.getvalue()


def _with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """Return a JPEG with EXIF of one entry before all other segments."""
    entry = struct.pack("<HHIHH", ORIENTATION_TAG, 3, 1, orientation, 0)
    exif = EXIF_PREFIX + struct.pack("<2sHIH", b"II", 42, 8, 1) + entry + bytes(4)
    return JPEG_START + struct.pack(">BBH", 0xFF, 0xE1, len(exif) + 2) + exif + jpeg[2:]
