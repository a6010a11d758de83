"""Picture files to vectors and captions, in batches, the next pictures being decoded while the models work.

Knows neither ids nor the catalogue. Only so many pictures are held at once, however many there are to do.
"""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from export.library.journal import Content, Encoded, Failed
from export.library.scan import FoundImage, SkippedImage
from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable
from runtime.images import open_image

if TYPE_CHECKING:
    from PIL.Image import Image

BATCH_IMAGES = 8  # the journal is written once a batch, so this is what a kill can cost
AHEAD_IMAGES = 2 * BATCH_IMAGES  # decoded and waiting: 2.4 MB each with CLIP at 224 and BLIP at 384 pixels
DECODERS = min(4, os.cpu_count() or 1)  # each may hold one whole picture, 450 MB at the pixel limit

Pixels = NDArray[np.float32]


class ImageEncoder(Protocol):
    """What embeds pictures and texts; `runtime.clip.ClipEncoder` does. A vector must not depend on its batch."""

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    def prepare(self, image: "Image") -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s) float32; called in decoding threads."""
        ...

    def embed_pixels(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return the vectors, (n, d) float32 of L2 norm 1, of (n, 3, s, s) prepared pixels."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors, (n, d) float32 of L2 norm 1, of texts."""
        ...


class Captioner(Protocol):
    """What describes pictures; `runtime.blip.BlipCaptioner` does."""

    def prepare(self, image: "Image") -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s) float32; called in decoding threads."""
        ...

    def caption_pixels(self, pixels: Pixels) -> list[str]:
        """Return the captions of (n, 3, s, s) prepared pixels."""
        ...


@dataclass(frozen=True)
class Models:
    """What an index is made with. `fingerprint` is sha256 by file, as `ModelsManifest.fingerprint` returns it."""

    fingerprint: Mapping[str, str]
    encoder: ImageEncoder
    captioner: Captioner | None = None


@dataclass(frozen=True, slots=True)
class PendingImage:
    """A picture to be encoded: the content it had when it was hashed, and its file."""

    sha256: str
    found: FoundImage


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decoded picture, shrunk to what each model wants of it; the full-size pixels are gone."""

    sha256: str
    width: int
    height: int
    encoder_pixels: Pixels
    captioner_pixels: Pixels | None


Outcome = Encoded | Failed | SkippedImage


def encode_images(folder: Path, pending: Sequence[PendingImage], models: Models) -> Iterator[list[Outcome]]:
    """Yield what became of each pending picture, batch by batch, in their order.

    An outcome is `Encoded`; `Failed` where the content is no picture that can be decoded; or `SkippedImage` where the file
    went away or changed since it was hashed, which says nothing about the content.

    Raises:
        SessionFailed: onnxruntime refused a batch.
    """
    prepared = _prepare_ahead(folder, pending, models)
    while batch := list(islice(prepared, BATCH_IMAGES)):
        encoded = iter(_encode_batch([picture for picture in batch if isinstance(picture, Prepared)], models))
        yield [next(encoded) if isinstance(outcome, Prepared) else outcome for outcome in batch]


def _prepare_ahead(
    folder: Path, pending: Sequence[PendingImage], models: Models
) -> Iterator[Prepared | Failed | SkippedImage]:
    waiting: deque[Future[Prepared | Failed | SkippedImage]] = deque()
    decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
    try:
        for image in pending:
            waiting.append(decoders.submit(_prepare, folder, image, models))
            if len(waiting) == AHEAD_IMAGES:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        decoders.shutdown(cancel_futures=True)


def _prepare(folder: Path, image: PendingImage, models: Models) -> Prepared | Failed | SkippedImage:
    """Decode a picture, and see afterwards whether its file is still the one that was hashed: only then it counts."""
    path = folder / image.found.image_path
    outcome = _decode(path, image, models)
    try:
        facts = path.stat()
    except OSError:
        return SkippedImage(image.found.image_path, "it went away while it was being read")
    if (facts.st_size, facts.st_mtime_ns) != (image.found.bytes, image.found.mtime_ns):
        return SkippedImage(image.found.image_path, "it changed while it was being read")
    return outcome


def _decode(path: Path, image: PendingImage, models: Models) -> Prepared | Failed:
    try:
        picture = open_image(path, image.found.image_path)
    except ImageError as error:
        return Failed(image.sha256, reason_of(error))
    width, height = picture.size
    captioner_pixels = models.captioner.prepare(picture) if models.captioner else None
    return Prepared(image.sha256, width, height, models.encoder.prepare(picture), captioner_pixels)


def _encode_batch(pictures: Sequence[Prepared], models: Models) -> list[Encoded]:
    if not pictures:
        return []
    vectors = models.encoder.embed_pixels(np.stack([picture.encoder_pixels for picture in pictures]))  # (n, d)
    captions = _caption_batch(pictures, models.captioner)
    return [
        Encoded(Content(picture.sha256, picture.width, picture.height, caption), vector)
        for picture, caption, vector in zip(pictures, captions, vectors, strict=True)
    ]


def _caption_batch(pictures: Sequence[Prepared], captioner: Captioner | None) -> Sequence[str | None]:
    if captioner is None:
        return [None] * len(pictures)
    # One picture a run: int8 graphs scale activations over all rows, so that in a batch a caption could depend on its
    # neighbours, and a resumed build could differ from an uninterrupted one.
    pixels = [picture.captioner_pixels for picture in pictures if picture.captioner_pixels is not None]
    return [captioner.caption_pixels(one[None])[0] for one in pixels]


def reason_of(error: ImageError) -> str:
    """Return why a picture cannot be read, without its name, which stands beside the reason in every report."""
    if isinstance(error, ImageUnreadable):
        return error.reason
    if isinstance(error, ImageTooLarge):
        return f"it has {error.given:,} {error.unit}; {error.allowed:,} are allowed"
    return str(error)
