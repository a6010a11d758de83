"""Lines to words: the order in which a picture's lines are read, and where in the picture each of their words lies."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from export.index.text.frames import Frame
from export.index.text.recognizer import ReadLine
from runtime.library.picture_text import PictureWord

SAME_ROW = 0.5  # of a line's height: lines that are less apart stand side by side
BOX_DIGITS = 4  # a tenth of a pixel of 1,000


def words_of_lines(lines: Sequence[tuple[Frame, ReadLine]], size: tuple[int, int]) -> tuple[PictureWord, ...]:
    """Return the words of a picture of this size, in the order in which they are read."""
    return tuple(word for frame, line in in_reading_order(lines, size) for word in _words_of_line(frame, line))


def in_reading_order(lines: Sequence[tuple[Frame, ReadLine]], size: tuple[int, int]) -> list[tuple[Frame, ReadLine]]:
    """Return lines row by row, each from its beginning; "down" is across the direction that most of the text runs in."""
    if not lines:
        return []
    direction = np.sum([frame.along * size for frame, _ in lines], axis=0)
    across = np.array([-direction[1], direction[0]])
    unit = max(math.hypot(*direction), 1e-9)

    def place(frame: Frame) -> tuple[float, float, float]:
        """Return how far down its middle is, how far along, and its height, in pixels."""
        middle = (frame.origin + (frame.along + frame.down) / 2) * size
        return float(middle @ across / unit), float(middle @ direction / unit), frame.lengths(size)[1]

    placed = sorted(((*place(one[0]), one) for one in lines), key=lambda entry: entry[:2])
    rows: list[list[tuple[float, float, float, tuple[Frame, ReadLine]]]] = []
    for entry in placed:
        if rows and entry[0] - rows[-1][0][0] < SAME_ROW * min(entry[2], rows[-1][0][2]):
            rows[-1].append(entry)
        else:
            rows.append([entry])
    return [line for row in rows for *_, line in sorted(row, key=lambda entry: entry[1])]


def _words_of_line(frame: Frame, line: ReadLine) -> Iterator[PictureWord]:
    """Yield each word with the part of the line that is nearer to it than to its neighbours."""
    blanks = [at for at, letter in enumerate(line.letters) if letter.isspace()]
    begins, ends = [0, *(at + 1 for at in blanks)], [*blanks, len(line.letters)]
    spans = [(begin, end) for begin, end in zip(begins, ends, strict=True) if begin < end]
    for number, (begin, end) in enumerate(spans):
        left = _between(line, spans[number - 1][1] - 1, begin) if number else 0.0
        right = _between(line, end - 1, spans[number + 1][0]) if number + 1 < len(spans) else 1.0
        yield PictureWord(line.letters[begin:end], _rounded(frame.box(left, right)))


def _between(line: ReadLine, one: int, other: int) -> float:
    return (line.places[one] + line.places[other]) / 2


def _rounded(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(edge, BOX_DIGITS) for edge in box)
    return left, top, right, bottom
