"""The sha256 that names a picture's content: remembered from the last build, or read from its file now.

Reads files whole, decodes none. What is over the size limit, or no regular file, is refused before it is read.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from export.index.catalog import Catalog
from export.index.folder.scan import RACY_NS, FoundImage, Scan, SkippedImage
from export.index.picture_file import reason_of
from runtime.artefacts.file_record import sha256_of
from runtime.errors import ImageTooLarge
from runtime.images import MAX_IMAGE_BYTES

HASHERS = 2


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


def is_too_large(image: FoundImage) -> bool:
    """Return whether a file is over the size limit, and so is no picture, whatever it holds."""
    return image.bytes > MAX_IMAGE_BYTES


def _hash(folder: Path, image: FoundImage) -> str | SkippedImage:
    path, name = folder / image.image_path, image.image_path
    if is_too_large(image):
        return SkippedImage(name, reason_of(ImageTooLarge(name, image.bytes, MAX_IMAGE_BYTES, "bytes")))
    try:
        if path.stat().st_size > MAX_IMAGE_BYTES:  # grown since the folder was listed
            return SkippedImage(name, "it changed while it was being read")
        return sha256_of(path)
    except FileNotFoundError:
        return SkippedImage(name, "it went away while it was being read")
    except OSError as cause:
        return SkippedImage(name, f"it cannot be read ({cause.strerror or cause})")
