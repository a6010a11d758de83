"""TextReader: a picture -> its words with their places. Looks briefly whether there are any before it looks closely."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.index.text.detector import Detector
from export.index.text.frames import Frame, cut_strip
from export.index.text.lines import words_of_lines
from export.index.text.recognizer import STRIP_HEIGHT, ReadLine, Recognizer
from runtime.library.picture_text import PictureWord

if TYPE_CHECKING:
    from PIL.Image import Image

# Longest edges in pixels. Of 21 pictures with text, a glance misses none at 480; at 736 lines are found as well as at any
# larger size, for half the time (benchmarks/RESULTS.md, "Text in pictures"). Letters are read from up to 1600, a preview's.
GLANCE_EDGE, DETECT_EDGE, READ_EDGE = 480, 736, 1600


class TextReader:
    """The graphs, opened. Any number of threads may read pictures at once."""

    def __init__(self, detector: Detector, recognizer: Recognizer, glancing: Detector | None = None) -> None:
        """Keep the graphs; without one of its own, a glance takes the detector's."""
        self._detector, self._recognizer = detector, recognizer
        self._glancing = glancing or detector

    def prepare(self, image: "Image") -> NDArray[np.uint8]:
        """Return an upright RGB picture as it is read, (h, w, 3), neither edge longer than `READ_EDGE` pixels."""
        if max(image.size) <= READ_EDGE:
            return np.asarray(image)
        small = image.copy()
        small.thumbnail((READ_EDGE, READ_EDGE))
        return np.asarray(small)

    def glance(self, image: "Image") -> list[Frame]:
        """Return where there seem to be lines of text, as far as can be told quickly; none of a picture without any.

        Raises:
            SessionFailed: onnxruntime refused the picture.
        """
        return self._glancing.find_lines(image, GLANCE_EDGE)

    def read(self, pixels: NDArray[np.uint8]) -> tuple[PictureWord, ...]:
        """Return the words of a prepared picture, in reading order; none where it has no text.

        Raises:
            SessionFailed: onnxruntime refused the picture.
        """
        from PIL import Image

        image = Image.fromarray(pixels)
        frames = self.glance(image)
        if frames and (self._glancing is not self._detector or max(image.size) > GLANCE_EDGE):
            frames = self._detector.find_lines(image, DETECT_EDGE)
        lines = [line for frame in frames if (line := self._read_line(image, frame))]
        return words_of_lines(lines, image.size)

    def _read_line(self, image: "Image", frame: Frame) -> tuple[Frame, ReadLine] | None:
        from PIL import Image

        strip = cut_strip(image, frame, STRIP_HEIGHT)
        if self._recognizer.is_upside_down(strip):
            frame, strip = frame.turned(), strip.transpose(Image.Transpose.ROTATE_180)
        line = self._recognizer.read(strip)
        return (frame, line) if line else None
