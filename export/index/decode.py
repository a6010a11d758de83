"""Picture files through a model, several at once: decoded ahead, each seen by one worker, what comes of it given in order.

Knows no model, no ids and no catalogue. Only so many pictures are held at once, however many there are to do.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from export.index.journal import Failed
from export.index.scan import FoundImage, SkippedImage
from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable
from runtime.images import open_image

if TYPE_CHECKING:
    from PIL.Image import Image

AHEAD_IMAGES = 16  # decoded, or done and waiting for their turn, beside those in hand: 1.8 MB each with BLIP at 384 pixels

Pixels = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PendingImage:
    """A picture to be seen: the content it had when it was hashed, and its file."""

    sha256: str
    found: FoundImage


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decoded picture, shrunk to the (3, s, s) float32 that a model wants of it; the full-size pixels are gone."""

    sha256: str
    width: int
    height: int
    pixels: Pixels


@dataclass(frozen=True)
class Sight(Generic[T]):
    """How a model sees: `prepare` turns a picture into pixels, in decoding threads; `see` runs the model on it, in workers.

    One picture is one run on one thread. int8 graphs scale activations over a whole batch, so that in a batch a result would
    depend on its neighbours, and a resumed build could differ from an uninterrupted one; and threads that each run a picture
    of their own never wait for each other, as those that share one do.
    """

    prepare: "Callable[[Image], Pixels]"
    see: Callable[[Prepared], T]


def see_images(
    folder: Path, pending: Sequence[PendingImage], sight: Sight[T], *, workers: int
) -> Generator[list[T | Failed | SkippedImage], None, None]:
    """Yield what became of each pending picture in their order: whatever is done, as soon as the first of it is.

    An outcome is what `sight.see` returned; `Failed` where the content is no picture that can be decoded; or `SkippedImage`
    where the file went away or changed since it was hashed, which says nothing about the content.

    There are as many decoders as workers: a photo of 12 megapixels takes 131 ms to decode and shrink, and 21 ms in CLIP
    ViT-B/32. Each decoder may hold one whole picture, 450 MB at the pixel limit.
    """
    waiting: deque[Future[T | Failed | SkippedImage]] = deque()
    left = iter(pending)
    decoders = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    seers = ThreadPoolExecutor(workers, thread_name_prefix="see")

    def see(prepared: Future[Prepared | Failed | SkippedImage]) -> T | Failed | SkippedImage:
        outcome = prepared.result()
        return sight.see(outcome) if isinstance(outcome, Prepared) else outcome

    try:
        while True:
            for image in islice(left, AHEAD_IMAGES + workers - len(waiting)):
                waiting.append(seers.submit(see, decoders.submit(_prepare, folder, image, sight)))
            if not waiting:
                return
            yield _take_finished(waiting)
    finally:
        seers.shutdown(cancel_futures=True)  # first: those at work may wait for a decoder
        decoders.shutdown(cancel_futures=True)


def reason_of(error: ImageError) -> str:
    """Return why a picture cannot be read, without its name, which stands beside the reason in every report."""
    if isinstance(error, ImageUnreadable):
        return error.reason
    if isinstance(error, ImageTooLarge):
        return f"it has {error.given:,} {error.unit}; {error.allowed:,} are allowed"
    return str(error)


def _take_finished(waiting: deque[Future[T]]) -> list[T]:
    """Wait for the first, and take along what is done behind it. A fault is left until all before it is taken."""
    finished = [waiting.popleft().result()]
    while waiting and waiting[0].done() and not waiting[0].exception():
        finished.append(waiting.popleft().result())
    return finished


def _prepare(folder: Path, image: PendingImage, sight: Sight[T]) -> Prepared | Failed | SkippedImage:
    """Decode a picture, and see afterwards whether its file is still the one that was hashed: only then it counts."""
    path = folder / image.found.image_path
    outcome = _decode(path, image, sight)
    try:
        facts = path.stat()
    except OSError:
        return SkippedImage(image.found.image_path, "it went away while it was being read")
    if (facts.st_size, facts.st_mtime_ns) != (image.found.bytes, image.found.mtime_ns):
        return SkippedImage(image.found.image_path, "it changed while it was being read")
    return outcome


def _decode(path: Path, image: PendingImage, sight: Sight[T]) -> Prepared | Failed:
    try:
        picture = open_image(path, image.found.image_path)
    except ImageError as error:
        return Failed(image.sha256, reason_of(error))
    width, height = picture.size
    return Prepared(image.sha256, width, height, sight.prepare(picture))
