"""Models of an index that count what they make, so that what is made anew can be told from what is kept."""

import numpy as np
from numpy.typing import NDArray

from export.index.build import Models
from tests.export.index.small_library import (
    GridEncoder,
    MeanCaptioner,
)

MODELS = {
    "clip/image.onnx": "1" * 64,
    "clip/image.preprocessing": "crop to 224 pixels",
    "clip/text.onnx": "2" * 64,
    "clip/tokenizer.json": "3" * 64,
    "blip/vision.onnx": "4" * 64,
    "blip/vision.preprocessing": "stretch to 384 pixels",
    "blip/search": "3 beams",
}
COUNT = 24  # enough for a calibration


class CountingCaptioner(MeanCaptioner):
    """Counts the pictures that it describes."""

    def __init__(self) -> None:
        self.seen = 0

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        self.seen += len(pixels)
        return super().caption_pixels(pixels)


class Counted:
    """Models that count what they make; `changed` are entries of their fingerprint, None for one that they lack."""

    def __init__(self, changed: dict[str, str | None] | None = None, *, captions: bool = True) -> None:
        self.encoder, self.captioner = GridEncoder(), CountingCaptioner()
        given = {**MODELS, **(changed or {})}
        fingerprint = {entry: value for entry, value in given.items() if value is not None}
        self.models = Models(fingerprint, self.encoder, (lambda: self.captioner) if captions else None)

    @property
    def made(self) -> tuple[int, int]:
        """How many pictures were embedded, and how many captioned."""
        return self.encoder.seen, self.captioner.seen
