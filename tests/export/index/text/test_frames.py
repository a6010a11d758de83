"""Frames: which way a line is read, the strip that is cut along it, and the upright box of a part of it."""

import math

import numpy as np
import pytest
from PIL import Image

from export.index.text.frames import Frame, cut_strip
from export.index.text.regions import Rectangle

SIZE = (200, 100)


def frame_of(width: float, height: float, degrees: float) -> Frame:
    """The frame of a rectangle around the middle of a map of `SIZE`, as the detector gives it."""
    return Frame.around(Rectangle(100, 50, width, height, math.radians(degrees)), SIZE)


def test_a_level_line_is_read_from_the_left() -> None:
    frame = frame_of(80, 20, 0)
    assert frame.box() == pytest.approx((0.3025, 0.405, 0.7025, 0.605))
    assert frame.box(0.5, 1) == pytest.approx((0.5025, 0.405, 0.7025, 0.605))
    assert frame.lengths(SIZE) == pytest.approx((80, 20))


@pytest.mark.parametrize(
    ("width", "height", "degrees", "runs"),
    [
        (80, 20, 10, 10),
        (20, 80, 80, -10),  # the long side is the second one
        (20, 80, 0, 90),  # stands: read from above
        (80, 20, 88, 88),
        (30, 25, 0, 0),
    ],
)
def test_a_line_is_read_along_its_longer_side(width: float, height: float, degrees: float, runs: float) -> None:
    along = frame_of(width, height, degrees).along * SIZE
    assert math.degrees(math.atan2(along[1], along[0])) == pytest.approx(runs)


def test_a_frame_that_is_turned_begins_at_the_other_end() -> None:
    frame = frame_of(80, 20, 0)
    assert frame.turned().box(0, 0.25) == pytest.approx(frame.box(0.75, 1))
    assert frame.turned().turned().box() == pytest.approx(frame.box())


def test_a_box_stays_within_the_picture() -> None:
    assert frame_of(1000, 30, 20).box() == (0, 0, 1, 1)


@pytest.mark.parametrize(("rotated", "turned"), [(0, False), (90, True), (180, True), (270, False)])
def test_a_strip_is_upright_whichever_way_the_picture_lies(rotated: int, turned: bool) -> None:
    """A line that is red at its beginning, and white above blue."""
    picture = Image.new("RGB", (120, 120), "black")
    picture.paste("white", (20, 40, 100, 50))
    picture.paste("blue", (20, 50, 100, 60))
    picture.paste("red", (20, 40, 30, 60))
    picture = picture.rotate(rotated)
    upright = Rectangle(59.5, 49.5, 80, 20, 0)
    x, y = (59.5, 49.5), (49.5, 59.5)
    middle = {0: x, 90: y, 180: (59.5, 69.5), 270: (69.5, 59.5)}[rotated]
    width, height = (80, 20) if rotated in (0, 180) else (20, 80)
    frame = Frame.around(Rectangle(*middle, width, height, upright.angle), picture.size)
    strip = cut_strip(picture, frame.turned() if turned else frame, 20)
    assert strip.size == (80, 20)
    assert [strip.getpixel(place) for place in ((3, 10), (40, 4), (40, 15))] == [(255, 0, 0), (255, 255, 255), (0, 0, 255)]


def test_a_strip_that_leans_or_leaves_the_picture_is_cut_too() -> None:
    picture = Image.fromarray(np.full((100, 200, 3), 255, np.uint8))
    assert cut_strip(picture, frame_of(100, 20, 20), 48).getpixel((120, 24)) == (255, 255, 255)
    beyond = cut_strip(picture, frame_of(300, 20, 0), 48)
    assert (beyond.getpixel((1, 24)), beyond.getpixel((beyond.width // 2, 24))) == ((0, 0, 0), (255, 255, 255))
