"""Picture files to vectors, and in a pass of its own to captions.

Knows neither ids nor the catalogue; how pictures are decoded beside the models is `decode.py`'s.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from export.index.decode import PendingImage, Pixels, Prepared, Sight, see_images
from export.index.journal import Captioned, Embedded, Failed
from export.index.scan import SkippedImage

if TYPE_CHECKING:
    from PIL.Image import Image


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
    are seen at once.
    """

    fingerprint: Mapping[str, str]
    encoder: ImageEncoder
    open_captioner: Callable[[], Captioner] | None = None
    workers: int = 1


def embed_images(
    folder: Path, pending: Sequence[PendingImage], models: Models
) -> Generator[list[Embedded | Failed | SkippedImage], None, None]:
    """Yield what became of each pending picture, in their order, some at a time; see `see_images`.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """
    encoder = models.encoder

    def embed(picture: Prepared) -> Embedded:
        [vector] = encoder.embed_pixels(picture.pixels[None])
        return Embedded(picture.sha256, picture.width, picture.height, vector)

    return see_images(folder, pending, Sight(encoder.prepare, embed), workers=models.workers)


def caption_images(
    folder: Path, pending: Sequence[PendingImage], captioner: Captioner, *, workers: int
) -> Generator[list[Captioned | Failed | SkippedImage], None, None]:
    """Yield what became of each pending picture, in their order, some at a time; see `see_images`.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """

    def caption(picture: Prepared) -> Captioned:
        [text] = captioner.caption_pixels(picture.pixels[None])
        return Captioned(picture.sha256, text)

    return see_images(folder, pending, Sight(captioner.prepare, caption), workers=workers)
