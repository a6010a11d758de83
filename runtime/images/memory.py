"""The memory of decoding: what a picture will take, how much may be taken at once, and how it is given back.

The estimates are bounds, not means: `benchmarks/photos/picture_memory.py` measures each kind against them, and
docs/reliability.md has its table.
"""

import ctypes
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import ceil
from typing import TYPE_CHECKING

from runtime.artefacts.picture_decoding import DecodeRule
from runtime.images.jpeg2000 import decoder_bytes
from runtime.images.limits import (
    KEPT_SHORT_EDGE_PIXELS,
    MB,
    SCALED_EDGE_PIXELS,
    SERVING_MB,
    WHOLE_PIXELS,
    PictureLimits,
    process_limits,
)
from runtime.images.metadata import BareFile

if TYPE_CHECKING:
    from PIL.Image import Image

GIVEN_BACK_BYTES = 16 * MB  # less is not worth a trim, which takes about a millisecond
RGB_BYTES = 4  # a pixel in Pillow, RGB or RGBA
BASE_BYTES = 16 * MB  # decoders' own tables and buffers, and a strip that is converted
ROW_BYTES = 64  # what Pillow and allocators take for a row beside its pixels
# Bytes a pixel in Pillow's image, and, below, in the decoders' own buffers.
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
WEBP_BYTES = 12  # two canvases, and what is handed to Pillow
AVIF_BYTES = 10  # planes with alpha, RGBA, what is handed to Pillow
AVIF_DEEP_BYTES = 16  # planes of 16 bits
TIFF_SAMPLE_BYTES = 2  # the most that Pillow decodes; libtiff holds one strip or tile, which may be the whole picture
TIFF_VALUE_BYTES = 260  # measured: of a strip's offset and length, as numbers and as what Pillow decodes by
TIFF_SAMPLES = 277
TIFF_STRIP_ROWS, TIFF_TILE_WIDTH, TIFF_TILE_HEIGHT = 278, 322, 323
JPEG_REDUCTION_MAX = 8  # of its decoder
COEFFICIENT_BYTES = 2  # of a JPEG in several scans, for each component's samples
PYTHON_CODECS = frozenset({"bmp_rle", "ppm", "ppm_plain"})  # decode to bytes first, which are copied once


class DecodeMemory:
    """Bytes that decoders share, in the order in which they ask. Any thread may ask, for one picture at a time."""

    def __init__(self, max_bytes: int) -> None:
        """Begin with all of it free. `most_bytes` is the most that was ever taken."""
        self.max_bytes, self._taken, self.most_bytes = max_bytes, 0, 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, wanted_bytes: int) -> Iterator[None]:
        """Wait until there is room, and hold it for the block. What is more than all of it waits until it is alone."""
        turn = object()
        with self._changed:
            wanted_bytes = min(wanted_bytes, self.max_bytes)
            self._waiting.append(turn)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is turn and self._taken + wanted_bytes <= self.max_bytes)
                self._taken += wanted_bytes
                self.most_bytes = max(self.most_bytes, self._taken)
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted_bytes
                self._changed.notify_all()


# Memory is the process's, as Pillow's own settings are; DECODE_MEMORY_MB sets how much of it, once, at the start.
decode_memory = DecodeMemory(SERVING_MB * MB)


def limit_decoding(memory_mb: int | None, library_max_pixels: int) -> None:
    """Set what this process may take for decoding: for all pictures at once, and the pixels of one of the library.

    One that needs more memory than `memory_mb` is decoded alone. More than 1,000 MB, or `memory_mb`, no picture gets.
    """
    decode_memory.max_bytes = (memory_mb or SERVING_MB) * MB
    most = max(decode_memory.max_bytes, PictureLimits().max_memory_bytes)
    process_limits.library = PictureLimits(max_pixels=library_max_pixels, max_memory_bytes=most)


def estimate_bytes(image: "Image", file: BareFile, factor: int) -> int:
    """Return a bound of the memory that decoding takes, until RGB of 1 / `factor` of the size is left.

    Args:
        image: opened, not yet decoded: only its header has been read.
        file: what it was opened from.
        factor: as `reduction` returns it.
    """
    pixels = image.width * image.height
    kept = ceil(image.width / factor) * ceil(image.height / factor) * RGB_BYTES
    loaded = pixels * MODE_BYTES.get(image.mode, RGB_BYTES)
    buffers = 0
    match image.format:
        case "JPEG":
            loaded = ceil(loaded / min(factor, JPEG_REDUCTION_MAX) ** 2)
            buffers = COEFFICIENT_BYTES * ceil(pixels * _samples(image)) if file.scans else 0
        case "WEBP":
            buffers = pixels * WEBP_BYTES
        case "AVIF":
            buffers = pixels * (AVIF_DEEP_BYTES if file.deep else AVIF_BYTES)
        case "JPEG2000":
            buffers = decoder_bytes(file.content)
        case "TIFF":
            buffers = _strip_bytes(image, pixels) + file.values * TIFF_VALUE_BYTES
        case _ if any(tile[0] in PYTHON_CODECS for tile in getattr(image, "tile", ())):
            buffers = 2 * loaded
    copies = 1 if file.is_whole else 2
    # while it is decoded; while it becomes RGB; while that is turned
    steps = (loaded + buffers, loaded + kept, 2 * kept)
    return BASE_BYTES + copies * len(file.content) + image.height * ROW_BYTES + max(steps)


def _samples(image: "Image") -> float:
    """Return how many samples a JPEG has for each pixel: 1.5 where its colours have half the resolution either way."""
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    most = max((layer[1] for layer in layers), default=0) * max((layer[2] for layer in layers), default=0)
    return sum(layer[1] * layer[2] for layer in layers) / most if most else RGB_BYTES


def _strip_bytes(image: "Image", pixels: int) -> int:
    """Return what one strip or tile of a TIFF takes, by its header."""
    tags = image.tag_v2  # type: ignore[attr-defined]  # of TiffImageFile, as the format says
    try:
        samples = int(tags.get(TIFF_SAMPLES, 1))
        if TIFF_TILE_WIDTH in tags:
            held = int(tags[TIFF_TILE_WIDTH]) * int(tags[TIFF_TILE_HEIGHT])
        else:
            held = min(pixels, image.width * int(tags.get(TIFF_STRIP_ROWS, image.height)))
    except Exception:  # of any kind, as the tag may be of any type
        samples, held = RGB_BYTES, pixels
    return max(0, held * samples * TIFF_SAMPLE_BYTES)


def reduction(width: int, height: int, longest_edge: int, rule: DecodeRule = "exact") -> int:
    """Return by which power of two the edges of a large picture are divided while it is decoded: 1 for most.

    Neither does its shortest edge go below `KEPT_SHORT_EDGE_PIXELS`, nor its longest below `longest_edge`. By the rule
    "scaled", any picture is divided as far as that allows, its longest edge to no less than `SCALED_EDGE_PIXELS`.
    """
    whole_pixels, factor = WHOLE_PIXELS, 1
    if rule == "scaled":
        whole_pixels, longest_edge = 0, SCALED_EDGE_PIXELS
    while (
        width * height > whole_pixels * factor**2
        and min(width, height) >= KEPT_SHORT_EDGE_PIXELS * factor * 2
        and max(width, height) >= longest_edge * factor * 2
    ):
        factor *= 2
    return factor


def trim_heap() -> None:
    """Give the system back what was freed, where the C library keeps it: glibc does, 0.5 GB of a closed CLIP B/32."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> "ctypes._NamedFuncPointer | None":
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
