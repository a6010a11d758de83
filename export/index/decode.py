"""One picture file read: to the sha256 that names its content, and to the pixels that a model takes.

Knows no model and no ids. A picture that cannot be read comes back as a `SkippedImage` with the reason.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.index.catalog import Catalog
from export.index.scan import FoundImage, Scan, SkippedImage
from runtime.artefacts.file_record import sha256_of
from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable
from runtime.images import DECODER_MB, INDEXING_MB, limit_decoding, opened_file
from runtime.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

# A file may change twice within one tick of its file system's clock (2 s on FAT); its mtime shows only the first.
RACY_NS = 2_000_000_000
HASHERS = 2

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """A picture's size in pixels, upright, and its pixels as a model takes them, (3, s, s) float32."""

    width: int
    height: int
    pixels: Pixels


def limit_decoders(settings: Settings) -> int:
    """Return how many pictures are decoded at once here, and set the memory and the pixels that they may have."""
    decoders = settings.threads or os.cpu_count() or 1
    memory_mb = settings.decode_memory_mb or max(INDEXING_MB, DECODER_MB * decoders)
    limit_decoding(memory_mb, settings.picture_max_pixels)
    return decoders


def remembered_hashes(scan: Scan, last: Catalog) -> dict[str, str]:
    """Return the sha256, by path, of the pictures that need not be read again.

    Like git, this takes a file of the same length and mtime for the same file, unless the mtime is so near to the last
    scan that a later change could have left it as it is.
    """
    settled_ns = last.scanned_ns - RACY_NS
    known = {(row.image_path, row.bytes, row.mtime_ns): row.sha256 for row in last.rows}
    known |= {(one.name, one.bytes, one.mtime_ns): one.sha256 for one in last.skipped if one.sha256}
    hashes = {}
    for image in scan.images:
        sha256 = known.get((image.image_path, image.bytes, image.mtime_ns))
        if sha256 and image.mtime_ns < settled_ns:
            hashes[image.image_path] = sha256
    return hashes


def hash_images(folder: Path, images: Sequence[FoundImage]) -> Iterator[tuple[FoundImage, str | SkippedImage]]:
    """Yield each picture with its sha256, or with why its file cannot be read; in their order."""
    hashers = ThreadPoolExecutor(HASHERS, thread_name_prefix="hash")
    try:
        yield from zip(images, hashers.map(lambda image: _hash(folder, image), images), strict=True)
    finally:
        hashers.shutdown(cancel_futures=True)


def decode_found(
    folder: Path, image: FoundImage, sha256: str, *, prepare: "Callable[[Image], Pixels]"
) -> DecodedImage | SkippedImage:
    """Return a picture decoded and made smaller by `prepare`; the full-size pixels are let go.

    The `SkippedImage` has the sha256 where the content is no picture that can be decoded. It has none where the file went
    away or is no longer the one that was hashed, which says nothing about the content.
    """
    path = folder / image.image_path
    outcome = _decode(path, image, sha256, prepare=prepare)
    try:
        facts = path.stat()  # afterwards: what was decoded counts only if the file is still the one that was hashed
    except OSError:
        return SkippedImage(image.image_path, "it went away while it was being read")
    if (facts.st_size, facts.st_mtime_ns) != (image.bytes, image.mtime_ns):
        return SkippedImage(image.image_path, "it changed while it was being read")
    return outcome


def reason_of(error: ImageError) -> str:
    """Return why a picture cannot be read, without its name, which every report puts before the reason."""
    if isinstance(error, ImageUnreadable):
        return error.reason
    if isinstance(error, ImageTooLarge):
        return f"it has {error.given:,} {error.unit}; {error.allowed:,} are allowed"
    return str(error)


def _hash(folder: Path, image: FoundImage) -> str | SkippedImage:
    try:
        return sha256_of(folder / image.image_path)
    except FileNotFoundError:
        return SkippedImage(image.image_path, "it went away while it was being read")
    except OSError as cause:
        return SkippedImage(image.image_path, f"it cannot be read ({cause.strerror})")


def _decode(
    path: Path, image: FoundImage, sha256: str, *, prepare: "Callable[[Image], Pixels]"
) -> DecodedImage | SkippedImage:
    try:
        with opened_file(path, image.image_path) as opened:
            return DecodedImage(opened.width, opened.height, prepare(opened.image))
    except ImageError as error:
        return SkippedImage(image.image_path, reason_of(error), sha256, image.bytes, image.mtime_ns)
