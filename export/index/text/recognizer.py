"""The recognizer: strips of pixels -> letters with their places. Knows two graphs: which way up, and which letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from export.index.text.detector import to_graph
from runtime.models.onnx_session import Session

if TYPE_CHECKING:
    from PIL.Image import Image

STRIP_HEIGHT = 48  # pixels, of both graphs
CLASSIFIED_WIDTH = 192  # pixels of a strip that tell which way up it is
UPSIDE_DOWN_FROM = 0.9  # PaddleOCR's
WIDTH_MIN, WIDTH_MAX, WIDTH_STEP = 320, 2400, 32  # pixels of a strip that is read
READ_FROM = 0.5  # least mean probability of a line's letters; PaddleOCR's
# A blank between words is often just below the empty step beside it (rapidocr 723). Within words it was below 0.02.
SPACE_FROM = 0.1


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line's letters, and where along the line the middle of each is, as a share of its length."""

    letters: str
    places: tuple[float, ...]
    probability: float


class Recognizer:
    """Reads strips one at a time, so that what is read of one does not depend on those beside it."""

    def __init__(self, turns: Session, letters: Session) -> None:
        """Keep the graphs; the second names its letters, by number from 1 on, in its own metadata.

        Raises:
            KeyError: it does not.
        """
        self._turns, self._reads = turns, letters
        self._letters = ("", *letters.metadata["character"].split("\n"), " ")

    def is_upside_down(self, strip: "Image") -> bool:
        """Return whether a strip of text, RGB and `STRIP_HEIGHT` pixels high, stands on its head.

        Raises:
            SessionFailed: onnxruntime refused it.
        """
        # PaddleOCR squeezes a line to this width, and thereby takes some that stand on their heads for upright.
        beginning = strip.crop((0, 0, min(strip.width, CLASSIFIED_WIDTH), STRIP_HEIGHT))
        [chances] = self._turns.run(self._turns.output_names, {"x": _padded(beginning, CLASSIFIED_WIDTH)})  # (1, 2)
        return bool(chances[0, 1] >= UPSIDE_DOWN_FROM)

    def read(self, strip: "Image") -> ReadLine | None:
        """Return what an upright strip says; None where that is nothing, or doubtful.

        Raises:
            SessionFailed: onnxruntime refused it.
        """
        if strip.width > WIDTH_MAX:
            strip = strip.resize((WIDTH_MAX, STRIP_HEIGHT))
        pixels = _padded(strip, max(WIDTH_MIN, strip.width))
        [chances] = self._reads.run(self._reads.output_names, {"x": pixels})  # (1, t, letters)
        line = decode_line(chances[0], self._letters, covered=strip.width / pixels.shape[3])
        return line if line.letters.strip() and line.probability >= READ_FROM else None


def decode_line(chances: NDArray[np.float32], letters: Sequence[str], *, covered: float = 1.0) -> ReadLine:
    """Return the letters of a line (connectionist temporal classification: 0 stands for none, and repeats count once).

    Args:
        chances: (t, n), how likely each letter is at each step from left to right.
        letters: n of them; the last is the blank.
        covered: the share of the steps that the line's own pixels have; behind them is nothing.
    """
    steps = np.arange(len(chances))
    best = chances.argmax(axis=1)
    chance = chances[steps, best]
    begins = np.flatnonzero((best != 0) & (best != np.concatenate([[0], best[:-1]])))
    found: list[tuple[str, float]] = []
    sure: list[float] = []
    ended = 0
    for begin in begins.tolist():
        end = begin
        while end + 1 < len(best) and best[end + 1] == best[begin]:
            end += 1
        letter = letters[best[begin]]
        gap = chances[ended:begin, -1]
        if found and letter != " " and found[-1][0] != " " and len(gap) and gap.max() >= SPACE_FROM:
            found.append((" ", float(ended + gap.argmax())))
        found.append((letter, (begin + end) / 2))
        sure.append(float(chance[begin]))
        ended = end + 1
    places = tuple(min(1.0, (at + 0.5) / (len(chances) * covered)) for _, at in found)
    return ReadLine("".join(letter for letter, _ in found), places, float(np.mean(sure)) if sure else 0.0)


def _padded(strip: "Image", width: int) -> NDArray[np.float32]:
    """Return a strip as a graph takes it, (1, 3, `STRIP_HEIGHT`, w), w at least `width` and a multiple of `WIDTH_STEP`."""
    pixels = np.zeros((1, 3, STRIP_HEIGHT, -(-width // WIDTH_STEP) * WIDTH_STEP), dtype=np.float32)
    pixels[0, :, :, : strip.width] = to_graph(np.asarray(strip))
    return pixels
