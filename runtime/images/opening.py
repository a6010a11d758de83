"""Bytes to RGB: what is checked before a picture is decoded, how it is decoded, and what its faults are called.

Whatever a decoder raises, it ends as one of our errors, whose reason speaks of the picture.
"""

import ctypes
import io
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING

from runtime.artefacts.file_record import open_file
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import ImageError, ImageNotFound, ImageTooLarge, ImageUnreadable, PicturesUnsupported
from runtime.images import reasons
from runtime.images.colour_profiles import to_srgb
from runtime.images.limits import FORMATS, KEPT_EDGE_PIXELS, TIFF_VALUES_MAX, PictureLimits, process_limits
from runtime.images.memory import GIVEN_BACK_BYTES, JPEG_REDUCTION_MAX, decode_memory, estimate_bytes, reduction, trim_heap
from runtime.images.metadata import BareFile, read_orientation, without_metadata
from runtime.images.opened_image import OpenedImage
from runtime.images.pixels import MISSING_MAX, check_mode, missing_share, to_rgb, upright

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

log = logging.getLogger(__name__)

SIGNATURES: tuple[bytes, ...] = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"8BPS")
SIGNATURES += (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")  # of JPEG 2000


def open_image(path: Path, name: str | None = None, *, limits: PictureLimits | None = None) -> "Image":
    """Return the picture in a file as `decode_image` does; `name` (default: the file's) is for its errors.

    Raises:
        ImageNotFound: there is no such file.
        ImageUnreadable: it cannot be opened or decoded.
        ImageTooLarge: it is over a limit.
    """
    name = name or path.name
    limits = limits or process_limits.library
    return decode_image(_read_file(path, name, limits), name, limits=limits)


def decode_image(content: bytes, name: str, *, limits: PictureLimits | None = None) -> "Image":
    """Return the first frame as an upright RGB picture, reduced by a whole factor where it is larger than 16 megapixels.

    Transparency is dropped, as the reference processors do; 16-bit greys keep their upper eight bits.

    Raises:
        ImageUnreadable: the bytes are empty, cut short, or of no format in `FORMATS`.
        ImageTooLarge: over one of the limits, which are checked before decoding.
        PicturesUnsupported: Pillow is not installed.
    """
    with _decoded(content, name, limits or process_limits.library) as opened:
        return opened.image


@contextmanager
def opened_file(
    path: Path,
    name: str | None = None,
    *,
    limits: PictureLimits | None = None,
    longest_edge: int = KEPT_EDGE_PIXELS,
    rule: DecodeRule = "exact",
) -> Iterator[OpenedImage]:
    """Hold the picture in a file as `opened_bytes` does; `name` (default: the file's) is for its errors.

    Raises:
        ImageNotFound, ImageUnreadable, ImageTooLarge: as `open_image`.
    """
    name, limits = name or path.name, limits or process_limits.library
    content = _read_file(path, name, limits)
    with opened_bytes(content, name, limits=limits, longest_edge=longest_edge, rule=rule) as opened:
        yield opened


@contextmanager
def opened_bytes(
    content: bytes,
    name: str,
    *,
    limits: PictureLimits | None = None,
    longest_edge: int = KEPT_EDGE_PIXELS,
    rule: DecodeRule = "exact",
) -> Iterator[OpenedImage]:
    """Decode a picture, and hold its share of the memory for decoding as long as the block uses it; it is closed then.

    Args:
        content: the file.
        name: for its errors.
        limits: what it may have; None: what a picture of the library may.
        longest_edge: a reduced picture's longest edge keeps at least as many pixels by the rule "exact".
        rule: "scaled" divides the edges of more pictures (`reduction`), and turns other colours to sRGB.

    Raises:
        ImageUnreadable, ImageTooLarge, PicturesUnsupported: as `decode_image`.
    """
    with _decoded(content, name, limits or process_limits.library, longest_edge, rule) as opened:
        try:
            yield opened
        except MemoryError as cause:  # of what is made of the picture
            raise ImageUnreadable(name, reasons.OUT_OF_MEMORY) from cause
        finally:
            opened.image.close()


@contextmanager
def _decoded(
    content: bytes, name: str, limits: PictureLimits, longest_edge: int = KEPT_EDGE_PIXELS, rule: DecodeRule = "exact"
) -> Iterator[OpenedImage]:
    from runtime.images.foreign.unwrapping import unwrapped  # a start that decodes nothing does without

    if len(content) > limits.max_bytes:
        raise ImageTooLarge(name, len(content), limits.max_bytes, "bytes")
    if not content:
        raise ImageUnreadable(name, reasons.EMPTY)
    found = unwrapped(content, name, limits)
    content = found.content
    file = without_metadata(content)
    if file.size:
        _check_size(file.size, name, limits)
    if file.values > TIFF_VALUES_MAX:  # Pillow would make an object of each before it looks at any
        raise ImageUnreadable(name, reasons.UNSUPPORTED)
    with _plain_reasons(name, content):
        image = _read_header(file)
        check_mode(image, name)
        _check_size(image.size, name, limits)
        factor = reduction(*image.size, longest_edge, rule)
        wanted_bytes = estimate_bytes(image, file, factor)
    if wanted_bytes > limits.max_memory_bytes:
        pixels = image.width * image.height
        allowed = int(pixels * limits.max_memory_bytes / wanted_bytes)
        raise ImageTooLarge(name, pixels, allowed, f"pixels in a {image.format} of its kind")
    with decode_memory.taken(wanted_bytes):
        try:
            with _plain_reasons(name, content):
                opened = _decode(image, file, name, factor, rule)
            del image  # where it was reduced, the whole one goes
            yield replace(opened, width=found.size[0], height=found.size[1]) if found.size else opened
        finally:
            if wanted_bytes > GIVEN_BACK_BYTES:
                trim_heap()


def _read_file(path: Path, name: str, limits: PictureLimits) -> bytes:
    try:
        with open_file(path) as file:
            given_bytes = os.fstat(file.fileno()).st_size
            if given_bytes > limits.max_bytes:
                raise ImageTooLarge(name, given_bytes, limits.max_bytes, "bytes")
            return file.read()
    except FileNotFoundError as cause:
        raise ImageNotFound(name) from cause
    except OSError as cause:
        raise ImageUnreadable(name, cause.strerror or "the file cannot be read") from cause


def _read_header(file: BareFile) -> "ImageFile":
    try:
        from PIL import Image
    except ImportError:
        raise PicturesUnsupported from None
    _set_up_pillow()
    warnings.filterwarnings("ignore", module=r"PIL\.")  # on damaged metadata; damaged pixels raise
    return Image.open(io.BytesIO(file.content), formats=FORMATS)


@cache
def _set_up_pillow() -> None:
    from PIL import AvifImagePlugin, Image, _imaging

    Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit only warns; ours refuses
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # pictures are decoded side by side; each thread would hold frames of its own
    logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what is wrong with a file is the answer, and no line of the log
    with suppress(OSError, AttributeError):  # libtiff prints it, a line for each row
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


def _check_size(size: tuple[int, int], name: str, limits: PictureLimits) -> None:
    if max(size) > limits.max_edge:
        raise ImageTooLarge(name, max(size), limits.max_edge, "pixels on one edge")
    if size[0] * size[1] > limits.max_pixels:
        raise ImageTooLarge(name, size[0] * size[1], limits.max_pixels, "pixels")


def _decode(image: "ImageFile", file: BareFile, name: str, factor: int, rule: DecodeRule) -> OpenedImage:
    (width, height), is_scaled = image.size, rule == "scaled" and factor > 1
    if image.format == "TIFF":  # it would look into EXIF for more, and turn the picture before it is reduced
        image.load_end = lambda: None  # type: ignore[method-assign]  # of this one picture
    if image.format == "JPEG" and factor > 1:
        image.draft(None, (width // factor, height // factor))
        factor = max(1, factor // JPEG_REDUCTION_MAX)
    cut = not file.ended
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as cause:  # of any kind, as decoders raise what they like
        if image._im is None or image.format == "PSD":  # which has one colour after the other: whole rows lack some
            raise
        log.debug("%s: %s", name, cause)
        image.tile, cut = [], True  # what has been decoded is kept
    if image.format == "TIFF":  # Pillow says the upright size, of a picture that it has not turned
        image._size = width, height = image.im.size
    vars(image).pop("_decoder", None)  # WebP's and AVIF's keep whole pictures
    orientation = file.orientation
    if image.format in ("WEBP", "AVIF"):
        orientation = read_orientation(image.info.get("exif") or b"")
    rgb, mode = to_rgb(image, factor), image.mode
    missing = missing_share(rgb) if cut else 0.0
    if missing > MISSING_MAX:
        raise ImageUnreadable(name, f"{reasons.CUT_SHORT}: {1 - missing:.0%} of the picture is there")
    if rule == "scaled":
        rgb = to_srgb(rgb, file.profile or image.info.get("icc_profile"), mode)
    turned = upright(rgb, orientation)
    size = (width, height) if orientation <= 4 else (height, width)
    return OpenedImage(turned, *size, scaled_from=size if is_scaled else None)


@contextmanager
def _plain_reasons(name: str, content: bytes) -> Iterator[None]:
    """Turn whatever a decoder raises into an `ImageUnreadable` whose reason speaks of the picture."""
    try:
        yield
    except (ImageError, PicturesUnsupported):
        raise
    except MemoryError as cause:
        clear_frames(cause.__traceback__)  # they hold what has been decoded
        raise ImageUnreadable(name, reasons.OUT_OF_MEMORY) from cause
    except Exception as cause:  # of any kind, likewise
        from PIL import UnidentifiedImageError

        clear_frames(cause.__traceback__)
        if not isinstance(cause, UnidentifiedImageError):
            reason = reasons.DAMAGED
        elif content.startswith(SIGNATURES):
            reason = reasons.UNSUPPORTED
        else:
            reason = reasons.UNKNOWN_FORMAT
        raise ImageUnreadable(name, reason) from cause
