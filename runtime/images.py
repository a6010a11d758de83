"""Bytes to pixels: limits, orientation, colour modes, and preprocessing equal to the reference processors.

The only runtime file that uses Pillow, which is imported on first use: a search that needs no picture does without. Knows no
model; the form of a graph's pixels comes in as a `Preprocessing`.
"""

import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.manifest import Preprocessing
from runtime.errors import ImageNotFound, ImageTooLarge, ImageUnreadable, PicturesUnsupported

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_IMAGE_BYTES = 200 * 1024 * 1024
MAX_IMAGE_PIXELS = 150_000_000  # 450 MB as RGB: more than a phone takes in its main mode, less than a small host's memory
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm"})
# On broken files, Pillow's decoders raise any of these.
BROKEN_FILE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    TypeError,
    KeyError,
    struct.error,
    zlib.error,
)
SHRUNK_EDGE_PIXELS = 2048  # fills a screen
WHOLE_EDGE_PIXELS = 100_000  # the longest edge that is resized whole before its middle is cut out
FILTER_SUPPORT = 3  # source pixels on each side that a resampling filter can reach (bicubic 2, lanczos 3)


def open_image(path: Path, name: str | None = None) -> "Image":
    """Return the picture in a file as `decode_image` does; `name` (default: the file's) is for its errors.

    Raises:
        ImageNotFound: there is no such file.
        ImageUnreadable: it cannot be opened or decoded.
        ImageTooLarge: it is over the byte or pixel limit.
    """
    name = name or path.name
    try:
        given_bytes = path.stat().st_size
        if given_bytes > MAX_IMAGE_BYTES:
            raise ImageTooLarge(name, given_bytes, MAX_IMAGE_BYTES, "bytes")
        content = path.read_bytes()
    except FileNotFoundError as cause:
        raise ImageNotFound(name) from cause
    except OSError as cause:
        raise ImageUnreadable(name, cause.strerror or str(cause)) from cause
    return decode_image(content, name)


def decode_image(content: bytes, name: str) -> "Image":
    """Return the first frame as an upright RGB picture.

    Transparency is dropped, as the reference processors do; 16-bit greys keep their upper eight bits.

    Raises:
        ImageUnreadable: the bytes are empty, cut short, or of no format in `FORMATS`.
        ImageTooLarge: over `MAX_IMAGE_BYTES`, or over `MAX_IMAGE_PIXELS`, which is checked before decoding.
        PicturesUnsupported: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise PicturesUnsupported from None

    Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit only warns; ours refuses, below
    warnings.filterwarnings("ignore", module=r"PIL\.")  # on damaged metadata; damaged pixels raise
    if len(content) > MAX_IMAGE_BYTES:
        raise ImageTooLarge(name, len(content), MAX_IMAGE_BYTES, "bytes")
    if not content:
        raise ImageUnreadable(name, "the file is empty")
    with _named_failures(name):
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        pixels = image.width * image.height
        if pixels > MAX_IMAGE_PIXELS:
            raise ImageTooLarge(name, pixels, MAX_IMAGE_PIXELS, "pixels")
        image.load()
        return _to_rgb(ImageOps.exif_transpose(image), name)


def shrink_image(path: Path, name: str, max_bytes: int, *, edge: int = SHRUNK_EDGE_PIXELS) -> bytes:
    """Return the picture in a file as a JPEG of at most `max_bytes`, its longest edge of `edge` pixels or fewer.

    Raises:
        ImageUnreadable, ImageTooLarge: as `open_image`.
    """
    image = open_image(path, name)
    while True:
        image.thumbnail((edge, edge))
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=85)
        if jpeg.tell() <= max_bytes:
            return jpeg.getvalue()
        edge //= 2  # for noise alone: 2048 x 2048 pixels of a photo take about 1 MB


def preprocess(image: "Image", preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Return a graph's pixels, equal to `CLIPImageProcessor` ("crop") or `BlipImageProcessor` ("stretch").

    Args:
        image: RGB, any size.
        preprocessing: the size s, fit, filter, mean and deviation, as the models' manifest gives them.

    Returns:
        (3, s, s) float32, rescaled to [0, 1], then normalized per channel.
    """
    if preprocessing.fit == "crop":
        fitted = _resize_and_crop(image, preprocessing)
    else:
        fitted = image.resize((preprocessing.size, preprocessing.size), _filter(preprocessing))
    pixels = np.asarray(fitted, dtype=np.float32) / 255.0  # (s, s, 3)
    mean, std = (np.asarray(values, dtype=np.float32) for values in (preprocessing.mean, preprocessing.std))
    normalized = (pixels - mean) / std
    return np.ascontiguousarray(normalized.transpose(2, 0, 1), dtype=np.float32)


def seen_part(image: "Image", preprocessing: Preprocessing) -> tuple[float, float, float, float]:
    """Return the part of a picture that `preprocess` keeps, (x0, y0, x1, y1) as fractions of its width and height."""
    if preprocessing.fit == "stretch":
        return 0.0, 0.0, 1.0, 1.0
    shortest = min(image.size)
    margin_x, margin_y = ((1 - shortest / edge) / 2 for edge in image.size)
    return margin_x, margin_y, 1 - margin_x, 1 - margin_y


def _resize_and_crop(image: "Image", preprocessing: Preprocessing) -> "Image":
    """Return the middle square of the picture resized so that its shortest edge is `size`."""
    size = preprocessing.size
    shortest = min(image.size)
    resized = [size if edge == shortest else int(size * edge / shortest) for edge in image.size]
    spans = [_needed_span(edge, target, size) for edge, target in zip(image.size, resized, strict=True)]
    (left, width, x0, x1), (top, height, y0, y1) = spans
    part = image.resize((width, height), _filter(preprocessing), box=(x0, y0, x1, y1))
    return part.crop((left, top, left + size, top + size))


def _needed_span(edge: int, target: int, size: int) -> tuple[int, int, float, float]:
    """Return which part of an edge must be resized so that the middle `size` of its `target` pixels can be cut out.

    The whole edge, as the reference does, unless that is absurdly long: a picture of 1 x 4000 pixels would become
    224 x 896,000 on its way to 224 x 224. Then it is the middle, with a margin that the filter can reach.

    Returns:
        (offset of the middle in the part, length of the part, start and end of the part in source pixels).
    """
    start, first, last = (target - size) // 2, 0, target
    scale = target / edge
    if target > WHOLE_EDGE_PIXELS:
        margin = math.ceil(FILTER_SUPPORT * max(scale, 1.0)) + 1
        first, last = max(0, start - margin), min(target, start + size + margin)
    return start - first, last - first, first / scale, min(float(edge), last / scale)


def _filter(preprocessing: Preprocessing) -> int:
    from PIL import Image

    return Image.Resampling[preprocessing.resample.upper()]


def _to_rgb(image: "Image", name: str) -> "Image":
    if image.mode.startswith("I"):  # 16-bit greys; a plain convert("RGB") would clip them to white
        return _from_16_bits(image)
    if image.mode == "F":
        raise ImageUnreadable(name, "its pixels are floating-point numbers, whose range is unknown")
    return image.convert("RGB")


def _from_16_bits(image: "Image") -> "Image":
    from PIL import Image

    grey = (np.clip(np.asarray(image, dtype=np.int64), 0, 65535) >> 8).astype(np.uint8)  # (height, width)
    return Image.fromarray(grey).convert("RGB")


@contextmanager
def _named_failures(name: str) -> Iterator[None]:
    from PIL import UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError as cause:
        raise ImageUnreadable(name, "it is of no known picture format") from cause
    except MemoryError as cause:
        raise ImageUnreadable(name, "there is not enough memory to decode it") from cause
    except BROKEN_FILE_ERRORS as cause:
        raise ImageUnreadable(name, str(cause).splitlines()[0] if str(cause) else type(cause).__name__) from cause
