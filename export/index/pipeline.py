"""Pictures through a model, several at once: file -> `DecodedImage` -> vector or caption.

Knows neither ids nor the catalogue. Only so many pictures are held at once, however many there are to do.
"""

from collections import deque
from collections.abc import Callable, Container, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from export.index.folder.scan import FoundImage, SkippedImage
from export.index.picture_file import DecodedImage, Pixels, Prepare, decode_found
from runtime.artefacts.model_records import CLIP_LEVELS, CosineLevels
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.library.previews.kept_previews import Previews

if TYPE_CHECKING:
    from PIL.Image import Image

NO_PIXELS = np.empty((3, 0, 0), np.float32)
AHEAD_IMAGES = 16  # decoded, or done and waiting for their turn, beside those in hand: 1.8 MB each with BLIP at 384 pixels
CAPTIONED_AT_ONCE = 5  # pictures of a worker, where no caption depends on its batch: the decoder's weights are read once
T = TypeVar("T")


class ImageEncoder(Protocol):
    """What embeds pictures and texts; `runtime.models.clip.ClipEncoder` does. Any number of threads may call it at once."""

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    def prepare(self, image: "Image", scaled_from: tuple[int, int] | None = None) -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s) float32; `scaled_from` is the whole's size where it was scaled."""
        ...

    def embed_pixels(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return the vectors, (n, d) float32 of L2 norm 1, of (n, 3, s, s) prepared pixels."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors, (n, d) float32 of L2 norm 1, of texts, none of which depends on the others."""
        ...


class Captioner(Protocol):
    """What describes pictures; `runtime.models.blip.BlipCaptioner` does. Any number of threads may call it at once."""

    def prepare(self, image: "Image", scaled_from: tuple[int, int] | None = None) -> Pixels:
        """Return the pixels of an RGB picture, (3, s, s) float32; `scaled_from` is the whole's size where it was scaled."""
        ...

    @property
    def batch_invariant(self) -> bool:
        """Whether a picture's caption is the same alone and in any batch."""
        ...

    def caption_pixels(self, pixels: Pixels) -> list[str]:
        """Return the captions of (n, 3, s, s) prepared pixels."""
        ...


@dataclass(frozen=True)
class Models:
    """What an index is made with.

    `fingerprint` is as `ModelsManifest.fingerprint` returns it. `open_captioner` is called for the first picture to be
    captioned; it is None without a captioner. Before, `close_image_tower` gives the image tower's memory back. `workers` is
    how many pictures are in a model at once. `decode` is the rule that pictures are decoded by. `levels` say what cosines of
    the encoder mean.
    """

    fingerprint: Mapping[str, str]
    encoder: ImageEncoder
    open_captioner: Callable[[], Captioner] | None = None
    workers: int = 1
    decode: DecodeRule = "scaled"
    levels: CosineLevels = CLIP_LEVELS
    close_image_tower: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedImage:
    """A picture's size in pixels, upright, its vector, (d,) float32 of L2 norm 1, and its previews by edge.

    `greys` are as `shrink_to_greys` returns them.
    """

    width: int
    height: int
    vector: NDArray[np.float32]
    greys: bytes = b""
    previews: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PreviewedImages:
    """Where previews of pictures may lie: in an index's folder; and the pictures' sizes in pixels, upright, by sha256."""

    index_dir: Path
    sizes: Mapping[str, tuple[int, int]]


def embed_images(
    folder: Path,
    images: Mapping[str, FoundImage],
    models: Models,
    *,
    previews: bool = False,
    previewed: Container[str] = (),
) -> Generator[list[tuple[str, EmbeddedImage | SkippedImage]], None, None]:
    """Yield what became of each picture, by its sha256, in their order, some at a time.

    Args:
        folder: where the pictures lie.
        images: the pictures by the sha256 of their content.
        models: the encoder, how many pictures are in it at once, and how they are decoded.
        previews: whether to make previews, too, of the same decoded pixels.
        previewed: contents, by sha256, that have theirs.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """

    def embed(images: Sequence[DecodedImage]) -> list[EmbeddedImage]:
        [image] = images
        [vector] = models.encoder.embed_pixels(image.pixels[None])
        return [EmbeddedImage(image.width, image.height, vector, image.greys, image.previews)]

    def decode(sha256: str, image: FoundImage) -> DecodedImage | SkippedImage:
        with_previews, prepare = previews and sha256 not in previewed, _preparing(models.encoder)
        return decode_found(folder, image, sha256, prepare=prepare, rule=models.decode, previews=with_previews)

    return _decode_and_run(images, decode, embed, workers=models.workers)


def preview_images(
    folder: Path, images: Mapping[str, FoundImage], models: Models
) -> Generator[list[tuple[str, Mapping[int, bytes] | SkippedImage]], None, None]:
    """Yield the previews of each picture by edge, or why it has none, by its sha256, in their order, some at a time.

    Args:
        folder: where the pictures lie.
        images: the pictures by the sha256 of their content.
        models: how many pictures are decoded at once, and how; none is run.
    """

    def decode(sha256: str, image: FoundImage) -> DecodedImage | SkippedImage:
        return decode_found(folder, image, sha256, prepare=lambda _: NO_PIXELS, rule=models.decode, previews=True)

    return _decode_and_run(images, decode, lambda made: [image.previews for image in made], workers=models.workers)


def caption_images(
    folder: Path,
    images: Mapping[str, FoundImage],
    captioner: Captioner,
    models: Models,
    previewed: PreviewedImages,
) -> Generator[list[tuple[str, str | SkippedImage]], None, None]:
    """Yield each picture's caption, or why it has none, by its sha256, in their order, some at a time.

    A batch goes into the captioner together only where no caption depends on the others of its batch: else a resumed build
    could differ from an uninterrupted one.

    Args:
        folder: where the pictures lie.
        images: the pictures by the sha256 of their content.
        captioner: what describes them.
        models: how many pictures are in it at once, and how they are decoded.
        previewed: by the rule "scaled", a preview that is good enough is read in place of its picture.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """

    def caption(images: Sequence[DecodedImage]) -> list[str]:
        return captioner.caption_pixels(np.stack([image.pixels for image in images]))

    at_once = CAPTIONED_AT_ONCE if captioner.batch_invariant else 1
    prepare, previews = _preparing(captioner), Previews(previewed.index_dir)

    def decode(sha256: str, image: FoundImage) -> DecodedImage | SkippedImage:
        if models.decode == "scaled":
            width, height = previewed.sizes[sha256]
            if preview := previews.read(sha256, width, height):
                return DecodedImage(width, height, prepare(preview))
        return decode_found(folder, image, sha256, prepare=prepare, rule=models.decode)

    return _decode_and_run(images, decode, caption, workers=models.workers, at_once=at_once)


def _preparing(model: ImageEncoder | Captioner) -> Prepare:
    return lambda opened: model.prepare(opened.image, opened.scaled_from)


def _decode_and_run(
    images: Mapping[str, FoundImage],
    decode: Callable[[str, FoundImage], DecodedImage | SkippedImage],
    run_model: Callable[[Sequence[DecodedImage]], Sequence[T]],
    *,
    workers: int,
    at_once: int = 1,
) -> Generator[list[tuple[str, T | SkippedImage]], None, None]:
    """Yield the outcomes in the order of the pictures: whatever is done, as soon as the first of it is.

    `at_once` pictures are one run on one thread. Unless it is known better, that is one: int8 graphs scale activations over
    a batch, so that a result would depend on its neighbours in it, and a resumed build could differ from an uninterrupted
    one. Threads that each run pictures of their own never wait for each other, as those that share one do.

    There are as many decoders as workers: a photo of 12 megapixels takes 55 ms to decode and shrink, 50 for its previews,
    and 21 ms in CLIP ViT-B/32. What they hold together, DECODE_MEMORY_MB bounds.
    """

    def run(decodings: Mapping[str, Future[DecodedImage | SkippedImage]]) -> list[tuple[str, T | SkippedImage]]:
        outcomes = {sha256: decoding.result() for sha256, decoding in decodings.items()}
        decoded = [outcome for outcome in outcomes.values() if isinstance(outcome, DecodedImage)]
        results = iter(run_model(decoded) if decoded else ())
        return [(sha256, one if isinstance(one, SkippedImage) else next(results)) for sha256, one in outcomes.items()]

    waiting, left = deque[Future[list[tuple[str, T | SkippedImage]]]](), iter(images.items())
    decoders = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    runners = ThreadPoolExecutor(workers, thread_name_prefix="model")
    try:
        while True:
            while len(waiting) < AHEAD_IMAGES // at_once + workers and (batch := list(islice(left, at_once))):
                decodings = {sha256: decoders.submit(decode, sha256, image) for sha256, image in batch}
                waiting.append(runners.submit(run, decodings))
            if not waiting:
                return
            yield [outcome for outcomes in _take_finished(waiting) for outcome in outcomes]
    finally:
        runners.shutdown(cancel_futures=True)  # first: those at work may wait for a decoder
        decoders.shutdown(cancel_futures=True)


def _take_finished(waiting: deque[Future[T]]) -> list[T]:
    """Wait for the first, and take along what is done behind it. A fault is left until all before it is taken."""
    finished = [waiting.popleft().result()]
    while waiting and waiting[0].done() and not waiting[0].exception():
        finished.append(waiting.popleft().result())
    return finished
