"""Frames: where a line of text lies in a picture and which way it is read, and the strip of pixels cut along it.

Points are (x, y) as fractions of the upright picture, so that a frame fits the picture in any size of it.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.index.text.regions import Rectangle

if TYPE_CHECKING:
    from PIL.Image import Image

TALL = 1.5  # from this height for a width on, a line is read along its height, as PaddleOCR has it
LEVEL = math.radians(0.5)  # a line that leans less is cut without turning it, which blurs
STRIP_HEIGHT_MAX = 96  # pixels of a strip that leans: twice what is read
Box = tuple[float, float, float, float]  # left, top, right, bottom, as fractions of the upright picture


@dataclass(frozen=True, slots=True)
class Frame:
    """A parallelogram: `origin` is the upper left of the text; `along` runs with it, `down` across its lines."""

    origin: NDArray[np.float64]
    along: NDArray[np.float64]
    down: NDArray[np.float64]

    @classmethod
    def around(cls, rectangle: Rectangle, size: tuple[int, int]) -> "Frame":
        """Return the frame of a line in a rectangle of a map of this size; it may yet stand on its head."""
        corner, right, _, left = rectangle.corners()
        along, down = right - corner, left - corner
        if rectangle.angle > math.pi / 4:  # so that along is the more level side
            corner, along, down = left, -down, along
        if np.linalg.norm(down) >= TALL * np.linalg.norm(along):
            corner, along, down = corner + along, down, -along
        scale = np.array(size, dtype=np.float64)
        return cls((corner + 0.5) / scale, along / scale, down / scale)

    def turned(self) -> "Frame":
        """Return the frame of the same text that stands on its head."""
        return Frame(self.origin + self.along + self.down, -self.along, -self.down)

    def box(self, begin: float = 0.0, end: float = 1.0) -> Box:
        """Return the upright box around the part of the line between two shares of its length, cut to the picture."""
        ends = self.origin + np.outer([begin, end], self.along)
        corners = np.concatenate([ends, ends + self.down]).clip(0.0, 1.0)
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        return left, top, right, bottom

    def lengths(self, size: tuple[int, int]) -> tuple[float, float]:
        """Return its length and height in pixels of a picture of this size."""
        return math.hypot(*(self.along * size)), math.hypot(*(self.down * size))


def cut_strip(image: "Image", frame: Frame, height: int) -> "Image":
    """Return a line of a picture, upright and in reading direction, resized to `height` pixels and a width in proportion."""
    from PIL import Image

    length, across = frame.lengths(image.size)
    width = max(1, math.ceil(height * length / max(across, 1.0)))
    along, down = frame.along * image.size, frame.down * image.size
    origin = frame.origin * image.size
    if along[0] > 0 and abs(along[1]) <= abs(along[0]) * math.tan(LEVEL):
        left, top = origin + np.minimum(along, 0) * [0, 1]
        box = (left, top, left + along[0], top + down[1])
        inside = (max(0.0, box[0]), max(0.0, box[1]), min(float(image.width), box[2]), min(float(image.height), box[3]))
        if inside == box:
            return image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    steps_down = max(1, min(round(across), STRIP_HEIGHT_MAX))
    steps_along = max(1, round(length * steps_down / max(across, 1.0)))
    a, b = along / steps_along, down / steps_down
    whole = image.transform(
        (steps_along, steps_down),
        Image.Transform.AFFINE,
        (a[0], b[0], origin[0], a[1], b[1], origin[1]),
        Image.Resampling.BICUBIC,
    )
    return whole.resize((width, height), Image.Resampling.BILINEAR)
