"""Signatures of pictures that were embedded before there were any: made of their previews, or else of the pictures again."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console

from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.folder.scan import FoundImage
from export.index.photos.signatures import Signatures
from export.index.picture_file import DecodedImage, decode_found
from runtime.errors import ImageError
from runtime.images import open_image
from runtime.images.phash import shrink_to_greys
from runtime.images.previews import PREVIEW_EDGE
from runtime.library.previews.preview_files import preview_path

SPENT_MAX_S = 600.0  # of one run: pictures of 12 megapixels without previews are 4,000 then
AT_ONCE = 64  # pictures; what is made of them is kept before the next are read
NO_PIXELS = np.empty((3, 0, 0), np.float32)


def sign_missing(
    signatures: Signatures, folder: Path, images: Mapping[str, FoundImage], out: Path, *, workers: int, console: Console
) -> None:
    """Make the signatures of pictures, by the sha256 of their content, and say how many are left to the next run.

    What cannot be read this time has none.

    Raises:
        OutputUnwritable: the disk is full, or the index's folder cannot be written.
    """

    def sign(item: tuple[str, FoundImage]) -> tuple[str, bytes | None]:
        sha256, image = item
        return sha256, _greys_of_preview(out, sha256) or _greys_of_picture(folder, image, sha256)

    began_s, left = time.monotonic(), list(images.items())
    with ThreadPoolExecutor(workers) as threads, progress_bar(console, "Comparing", len(images)) as advance:
        while left and time.monotonic() - began_s < SPENT_MAX_S:
            batch, left = left[:AT_ONCE], left[AT_ONCE:]
            signed = threads.map(sign, batch)
            with unwritable_refused(out):
                signatures.keep({sha256: greys for sha256, greys in signed if greys})
            advance(len(batch))
    if left:
        line = f"{len(left):,} pictures are not compared for copies yet; the next run goes on with them."
        console.print(line, style="yellow", highlight=False)


def _greys_of_preview(out: Path, sha256: str) -> bytes | None:
    path = preview_path(out, sha256, PREVIEW_EDGE)
    if not path.is_file():
        return None
    try:
        return shrink_to_greys(open_image(path))
    except ImageError:  # a power cut may leave half of one
        return None


def _greys_of_picture(folder: Path, image: FoundImage, sha256: str) -> bytes | None:
    decoded = decode_found(folder, image, sha256, prepare=lambda _: NO_PIXELS)
    return decoded.greys if isinstance(decoded, DecodedImage) else None
