"""The small models of the builds, which write down every picture that they work on."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.export.index.small_library import (
    GridEncoder,
    MeanCaptioner,
)


class TallyingEncoder(GridEncoder):
    """Writes down every picture that it embeds."""

    def __init__(self, tally: Path, seconds: float) -> None:
        super().__init__(seconds)
        self.tally = tally

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        note(self.tally, pixels)
        return super().embed_pixels(pixels)


class TallyingCaptioner(MeanCaptioner):
    """Writes down every picture that it captions."""

    def __init__(self, tally: Path) -> None:
        self.tally = tally

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        note(self.tally, pixels)
        return super().caption_pixels(pixels)


def note(tally: Path, pixels: NDArray[np.float32] | NDArray[np.uint8]) -> None:
    with tally.open("ab", buffering=0) as file:
        file.write(b"".join(b"%d\n" % hash(one.tobytes()) for one in pixels))
