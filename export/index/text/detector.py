"""The detector: a picture -> a map of where text is -> frames of lines. Knows one graph, and no letters."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.index.text.frames import Frame
from export.index.text.regions import Rectangle, find_regions, mean_within, smallest_rectangle, unclip_margin
from runtime.models.onnx_session import Session

if TYPE_CHECKING:
    from PIL.Image import Image

STRIDE = 32  # the graph takes sides that are multiples of it
# As PaddleOCR sets them: least probability of a pixel, of a region, and how far a region grows (DB, arXiv 1911.08947).
PIXEL_FROM, REGION_FROM, UNCLIP_RATIO = 0.3, 0.5, 1.6
SIDE_MIN, GROWN_SIDE_MIN = 3, 5  # pixels of the map
LINES_MAX = 300  # of one picture: reading takes 10 ms a line and more


class Detector:
    """DB's map of probabilities, and what is made of it."""

    def __init__(self, session: Session, *, pixel_from: float = PIXEL_FROM, region_from: float = REGION_FROM) -> None:
        """Keep the graph, and how likely a pixel, and a region as a whole, must be text."""
        self._session, self._pixel_from, self._region_from = session, pixel_from, region_from

    def find_lines(self, image: "Image", edge: int) -> list[Frame]:
        """Return where lines of text are in an RGB picture, seen with its longest edge at most `edge` pixels.

        The largest come first, at most `LINES_MAX`. Empty where there is no text.

        Raises:
            SessionFailed: onnxruntime refused the picture.
        """
        heat = self.heat(image, edge)
        size = (heat.shape[1], heat.shape[0])
        rectangles = text_rectangles(heat, self._pixel_from, self._region_from)
        return [Frame.around(rectangle, size) for rectangle in rectangles[:LINES_MAX]]

    def heat(self, image: "Image", edge: int) -> NDArray[np.float32]:
        """Return (h, w): how likely each part of a picture, shrunk to `edge`, is the inner part of a line of text."""
        from PIL import Image

        scale = min(1.0, edge / max(image.size))
        width, height = (max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in image.size)
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        [heat] = self._session.run(self._session.output_names, {"x": to_graph(np.asarray(small))[None]})
        found: NDArray[np.float32] = heat[0, 0]
        return found


def to_graph(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (h, w, 3) RGB as (3, h, w) BGR in [-1, 1], which all three graphs take."""
    return np.ascontiguousarray(rgb[:, :, ::-1].transpose(2, 0, 1), dtype=np.float32) / np.float32(127.5) - np.float32(1)


def text_rectangles(
    heat: NDArray[np.float32], pixel_from: float = PIXEL_FROM, region_from: float = REGION_FROM
) -> list[Rectangle]:
    """Return the rectangles of the lines of text in a map, (h, w), in its pixels, the largest first."""
    found = []
    for points in find_regions(_grown(heat > pixel_from)):
        rectangle = smallest_rectangle(points)
        if min(rectangle.width, rectangle.height) < SIDE_MIN or mean_within(heat, rectangle) < region_from:
            continue
        grown = rectangle.grown(unclip_margin(rectangle, UNCLIP_RATIO))
        if min(grown.width, grown.height) >= GROWN_SIDE_MIN:
            found.append(grown)
    return sorted(found, key=lambda one: -one.width * one.height)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask with each pixel grown to 2 x 2, which joins what a letter's gap parts."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:, 1:] |= grown[:, :-1].copy()
    return grown
