"""Pictures through a model, several at once: file -> `DecodedImage` -> vector or caption.

Knows neither ids nor the catalogue. Only so many pictures are held at once, however many there are to do.
"""

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from export.index.decode import DecodedImage, Pixels, decode_found
from export.index.scan import FoundImage, SkippedImage

if TYPE_CHECKING:
    from PIL.Image import Image

AHEAD_IMAGES = 16  # decoded, or done and waiting for their turn, beside those in hand: 1.8 MB each with BLIP at 384 pixels
T = TypeVar("T")


class ImageEncoder(Protocol):
    """What embeds pictures and texts; `runtime.models.clip.ClipEncoder` does. Any number of threads may call it at once."""

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    def prepare(self, image: "Image") -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s) float32."""
        ...

    def embed_pixels(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return the vectors, (n, d) float32 of L2 norm 1, of (n, 3, s, s) prepared pixels."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors, (n, d) float32 of L2 norm 1, of texts, none of which depends on the others."""
        ...


class Captioner(Protocol):
    """What describes pictures; `runtime.models.blip.BlipCaptioner` does. Any number of threads may call it at once."""

    def prepare(self, image: "Image") -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s) float32."""
        ...

    def caption_pixels(self, pixels: Pixels) -> list[str]:
        """Return the captions of (n, 3, s, s) prepared pixels."""
        ...


@dataclass(frozen=True)
class Models:
    """What an index is made with.

    `fingerprint` is sha256 by file, as `ModelsManifest.fingerprint` returns it. `open_captioner` is called when there is a
    picture to be captioned, and never before; it is None where the models have no captioner. `workers` is how many pictures
    are in a model at once.
    """

    fingerprint: Mapping[str, str]
    encoder: ImageEncoder
    open_captioner: Callable[[], Captioner] | None = None
    workers: int = 1


@dataclass(frozen=True, slots=True)
class EmbeddedImage:
    """A picture's size in pixels, upright, its vector, (d,) float32 of L2 norm 1, and its greys (`shrink_to_greys`)."""

    width: int
    height: int
    vector: NDArray[np.float32]
    greys: bytes = b""


def embed_images(
    folder: Path, images: Mapping[str, FoundImage], models: Models
) -> Generator[list[tuple[str, EmbeddedImage | SkippedImage]], None, None]:
    """Yield what became of each picture, by its sha256, in their order, some at a time.

    Args:
        folder: where the pictures lie.
        images: the pictures by the sha256 of their content.
        models: the encoder, and how many pictures are in it at once.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """

    def embed(image: DecodedImage) -> EmbeddedImage:
        [vector] = models.encoder.embed_pixels(image.pixels[None])
        return EmbeddedImage(image.width, image.height, vector, image.greys)

    return _decode_and_run(folder, images, models.encoder.prepare, embed, workers=models.workers)


def caption_images(
    folder: Path, images: Mapping[str, FoundImage], captioner: Captioner, *, workers: int
) -> Generator[list[tuple[str, str | SkippedImage]], None, None]:
    """Yield each picture's caption, or why it has none, by its sha256, in their order, some at a time.

    Args:
        folder: where the pictures lie.
        images: the pictures by the sha256 of their content.
        captioner: what describes them.
        workers: how many pictures are in it at once.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """

    def caption(image: DecodedImage) -> str:
        [text] = captioner.caption_pixels(image.pixels[None])
        return text

    return _decode_and_run(folder, images, captioner.prepare, caption, workers=workers)


def _decode_and_run(
    folder: Path,
    images: Mapping[str, FoundImage],
    prepare: "Callable[[Image], Pixels]",
    run_model: Callable[[DecodedImage], T],
    *,
    workers: int,
) -> Generator[list[tuple[str, T | SkippedImage]], None, None]:
    """Yield the outcomes in the order of the pictures: whatever is done, as soon as the first of it is.

    One picture is one run on one thread. int8 graphs scale activations over a whole batch, so that in a batch a result would
    depend on its neighbours, and a resumed build could differ from an uninterrupted one; and threads that each run a picture
    of their own never wait for each other, as those that share one do.

    There are as many decoders as workers: a photo of 12 megapixels takes 131 ms to decode and shrink, and 21 ms in CLIP
    ViT-B/32. What they hold together, DECODE_MEMORY_MB bounds.
    """

    def run(sha256: str, decoding: Future[DecodedImage | SkippedImage]) -> tuple[str, T | SkippedImage]:
        decoded = decoding.result()
        return sha256, decoded if isinstance(decoded, SkippedImage) else run_model(decoded)

    waiting: deque[Future[tuple[str, T | SkippedImage]]] = deque()
    left = iter(images.items())
    decoders = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    runners = ThreadPoolExecutor(workers, thread_name_prefix="model")
    try:
        while True:
            for sha256, image in islice(left, AHEAD_IMAGES + workers - len(waiting)):
                decoding = decoders.submit(decode_found, folder, image, sha256, prepare=prepare)
                waiting.append(runners.submit(run, sha256, decoding))
            if not waiting:
                return
            yield _take_finished(waiting)
    finally:
        runners.shutdown(cancel_futures=True)  # first: those at work may wait for a decoder
        decoders.shutdown(cancel_futures=True)


def _take_finished(waiting: deque[Future[T]]) -> list[T]:
    """Wait for the first, and take along what is done behind it. A fault is left until all before it is taken."""
    finished = [waiting.popleft().result()]
    while waiting and waiting[0].done() and not waiting[0].exception():
        finished.append(waiting.popleft().result())
    return finished
