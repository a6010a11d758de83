"""Words and their places: the order of lines, and which part of a line each word has."""

import math

import numpy as np
import pytest

from export.index.text.frames import Frame
from export.index.text.lines import words_of_lines
from export.index.text.recognizer import ReadLine

SIZE = (1000, 500)


def line(text: str, left: float, top: float, *, width: float = 200, degrees: float = 0) -> tuple[Frame, ReadLine]:
    """A line at a place of the picture, in pixels, turned around the picture's middle; its letters are evenly spread."""
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = np.array(SIZE) / 2
    corner = (np.array([left, top]) - middle) @ turn + middle
    frame = Frame(corner / SIZE, np.array([width, 0]) @ turn / SIZE, np.array([0, 40]) @ turn / SIZE)
    places = tuple((at + 0.5) / len(text) for at in range(len(text)))
    return frame, ReadLine(text, places, 1.0)


@pytest.mark.parametrize("degrees", [0, 10, 90, 180, 270])
def test_lines_are_read_row_by_row_whichever_way_the_picture_lies(degrees: int) -> None:
    lines = [
        line("three", 400, 212, degrees=degrees),
        line("four", 300, 300, degrees=degrees),
        line("two", 100, 204, degrees=degrees),  # beside "three", a little higher
        line("one", 350, 100, degrees=degrees),
    ]
    assert [word.text for word in words_of_lines(lines, SIZE)] == ["one", "two", "three", "four"]


def test_a_word_has_the_part_of_its_line_that_is_nearest_to_it() -> None:
    first, second = words_of_lines([line("ab cde", 100, 50, width=600)], SIZE)
    assert (first.text, first.box) == ("ab", (0.1, 0.1, 0.35, 0.18))
    assert (second.text, second.box) == ("cde", (0.35, 0.1, 0.7, 0.18))


def test_blanks_at_the_ends_and_several_of_them_make_no_words() -> None:
    assert [word.text for word in words_of_lines([line("  a   b ", 0, 0)], SIZE)] == ["a", "b"]
    assert words_of_lines([], SIZE) == ()
