"""What is known of the pictures' contents: their hashes, and what the last generation and the journal hold of each.

A content is named by the sha256 of its file. Runs no model.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.index.catalog import Catalog
from export.index.generation import Generation
from export.index.journal import Journal
from export.index.scan import FoundImage, Scan, SkippedImage
from runtime.artefacts.file_record import sha256_of
from runtime.library.catalog import ImageRow
from runtime.stores.vector_file import VectorBatch

# A file may change twice within one tick of its file system's clock (2 s on FAT); its mtime shows only the first.
RACY_NS = 2_000_000_000
HASHERS = 2
VECTORS_AT_ONCE = 4096  # on their way from the old store and the journal into the new one: 8 MB at dimension 512


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


def _hash(folder: Path, image: FoundImage) -> str | SkippedImage:
    try:
        return sha256_of(folder / image.image_path)
    except FileNotFoundError:
        return SkippedImage(image.image_path, "it went away while it was being read")
    except OSError as cause:
        return SkippedImage(image.image_path, f"it cannot be read ({cause.strerror})")


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of a picture's content but its vector. `width` and `height` are in pixels, upright."""

    width: int
    height: int
    caption: str | None


class KnownContents:
    """What need not be made again: what the journal holds, and what a generation of the same models does."""

    def __init__(self, last: Generation, journal: Journal, models: Mapping[str, str]) -> None:
        """Look through both as they are now; the journal's outcome, being newer, wins."""
        self._last, self._journal = last, journal
        rows = last.catalog.rows if last.made_with(models) else ()
        self._old_ids = {row.sha256: row.id for row in rows}
        sizes = {row.sha256: (row.width, row.height) for row in rows} | journal.sizes()
        captions = {row.sha256: row.caption for row in rows if row.caption is not None} | journal.captions_by_content()
        self.contents: Mapping[str, Content] = {
            sha256: Content(width, height, captions.get(sha256)) for sha256, (width, height) in sizes.items()
        }
        self.failures: Mapping[str, str] = {
            skipped.sha256: skipped.reason for skipped in last.catalog.skipped if skipped.sha256
        } | journal.failures()

    def lacks_vector(self, sha256: str) -> bool:
        """Return whether a content is new, and not one that cannot be decoded."""
        return sha256 not in self.contents and sha256 not in self.failures

    def lacks_caption(self, sha256: str) -> bool:
        """Return whether a content has its vector and no caption yet; an empty one is one."""
        content = self.contents.get(sha256)
        return content is not None and content.caption is None

    def vector_batches(self, rows: Sequence[ImageRow]) -> Iterator[VectorBatch]:
        """Yield the ids and the vectors, (n, d) float32, of rows of known contents, in their order."""
        for start in range(0, len(rows), VECTORS_AT_ONCE):
            batch = rows[start : start + VECTORS_AT_ONCE]
            yield [row.id for row in batch], self._vectors_of([row.sha256 for row in batch])

    def _vectors_of(self, contents: Sequence[str]) -> NDArray[np.float32]:
        journaled = self._journal.vectors_of(contents)
        older = [sha256 for sha256 in dict.fromkeys(contents) if sha256 not in journaled]
        stored = dict(zip(older, self._last.vectors_of([self._old_ids[sha256] for sha256 in older]), strict=True))
        return np.stack([journaled[sha256] if sha256 in journaled else stored[sha256] for sha256 in contents])
