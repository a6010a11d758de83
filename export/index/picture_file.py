"""One picture file read: to the pixels that a model takes. `hashing.py` finds the sha256 that names its content.

Knows no model and no ids. A picture that cannot be read comes back as a `SkippedImage` with the reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.index.folder.scan import FoundImage, SkippedImage, mtime_of
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable
from runtime.images import DECODER_MB, INDEXING_MB, OpenedImage, encode_previews, limit_decoding, opened_file
from runtime.images.phash import shrink_to_greys
from runtime.models.cpu_cores import usable_cores
from runtime.settings import Settings

Pixels = NDArray[np.float32]
Prepare = Callable[[OpenedImage], Pixels]


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """A picture's size in pixels, upright, its pixels as a model takes them, (3, s, s) float32, and its previews by edge.

    `greys` are as `shrink_to_greys` returns them.
    """

    width: int
    height: int
    pixels: Pixels
    greys: bytes = b""
    previews: Mapping[int, bytes] = field(default_factory=dict)


def limit_decoders(settings: Settings) -> int:
    """Return how many pictures are decoded at once here, and set the memory and the pixels that they may have."""
    decoders = settings.threads or usable_cores()
    memory_mb = settings.decode_memory_mb or max(INDEXING_MB, DECODER_MB * decoders)
    limit_decoding(memory_mb, settings.picture_max_pixels)
    return decoders


def decode_found(
    folder: Path, image: FoundImage, sha256: str, *, prepare: Prepare, rule: DecodeRule = "exact", previews: bool = False
) -> DecodedImage | SkippedImage:
    """Return a picture decoded by a rule and made smaller by `prepare`, if asked with its previews.

    The larger pixels are let go.

    The `SkippedImage` has the sha256 where the content is no picture that can be decoded. It has none where the file went
    away or is no longer the one that was hashed, which says nothing about the content.
    """
    path = folder / image.image_path
    outcome = _decode(path, image, sha256, prepare=prepare, rule=rule, previews=previews)
    try:
        facts = path.stat()  # afterwards: what was decoded counts only if the file is still the one that was hashed
    except OSError:
        return SkippedImage(image.image_path, "it went away while it was being read")
    if (facts.st_size, mtime_of(facts)) != (image.bytes, image.mtime_ns):
        return SkippedImage(image.image_path, "it changed while it was being read")
    return outcome


def reason_of(error: ImageError) -> str:
    """Return why a picture cannot be read, without its name, which every report puts before the reason."""
    if isinstance(error, ImageUnreadable):
        return error.reason
    if isinstance(error, ImageTooLarge):
        return f"it has {error.given:,} {error.unit}; {error.allowed:,} are allowed"
    return str(error)


def _decode(
    path: Path, image: FoundImage, sha256: str, *, prepare: Prepare, rule: DecodeRule, previews: bool
) -> DecodedImage | SkippedImage:
    try:
        with opened_file(path, image.image_path, rule=rule) as opened:
            made = encode_previews(opened.image) if previews else {}
            return DecodedImage(opened.width, opened.height, prepare(opened), shrink_to_greys(opened.image), made)
    except ImageError as error:
        return SkippedImage(image.image_path, reason_of(error), sha256, image.bytes, image.mtime_ns)
