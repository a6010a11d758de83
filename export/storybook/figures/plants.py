"""Things that grow: tree, flower, mushroom."""

from math import cos, pi, sin

from export.storybook.canvas import Pen
from export.storybook.palette import CREAM, RGB

_BARK: RGB = (105, 70, 40)
_BARK_EDGE: RGB = (70, 45, 25)
_STEM: RGB = (50, 125, 50)
_LEAF: RGB = (60, 140, 60)
_SEEDS: RGB = (90, 60, 30)
_STALK_EDGE: RGB = (150, 135, 110)
_SPOT_ON_PALE: RGB = (200, 190, 170)


def tree(pen: Pen) -> None:
    """A trunk under three round crowns, which take the colour."""
    pen.block(-0.14, 0.2, 0.14, 1, _BARK, _BARK_EDGE)
    pen.ellipse(-0.42, -0.05, 0.42, 0.4, pen.body, pen.edge)
    pen.ellipse(0.42, -0.05, 0.42, 0.4, pen.body, pen.edge)
    pen.ellipse(0, -0.45, 0.52, 0.5, pen.body, pen.edge)
    pen.ellipse(0, 0, 0.4, 0.3, pen.body)
    pen.ellipse(-0.15, -0.6, 0.14, 0.12, pen.pale(0.3))


def flower(pen: Pen) -> None:
    """Six petals, which take the colour, on a stem with two leaves."""
    pen.line([(0, 0), (0, 1)], _STEM, 0.12)
    pen.ellipse(0.25, 0.65, 0.25, 0.1, _LEAF)
    pen.ellipse(-0.25, 0.5, 0.25, 0.1, _LEAF)
    for petal in range(6):
        angle = petal * pi / 3 + 0.3
        pen.ellipse(0.38 * cos(angle), -0.4 + 0.38 * sin(angle), 0.26, 0.26, pen.body, pen.edge)
    pen.ellipse(0, -0.4, 0.2, 0.2, _SEEDS)


def mushroom(pen: Pen) -> None:
    """A spotted cap, which takes the colour, on a pale stalk."""
    pen.polygon([(-0.22, 0), (0.22, 0), (0.3, 1), (-0.3, 1)], CREAM, _STALK_EDGE)
    pen.dome(0, 0.1, 0.9, 0.95, pen.body, pen.edge)
    pen.block(-0.89, 0.06, 0.89, 0.16, pen.deep(0.2))
    spots = _SPOT_ON_PALE if min(pen.body) >= 200 else CREAM
    for x, y, radius in ((-0.4, -0.25, 0.13), (0.1, -0.5, 0.16), (0.45, -0.15, 0.12)):
        pen.ellipse(x, y, radius, radius, spots)
