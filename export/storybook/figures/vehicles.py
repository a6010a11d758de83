"""Vehicles: plane, boat, car."""

from export.storybook.canvas import Pen
from export.storybook.palette import GLASS, INK, LAMP, RGB

_PORTHOLE: RGB = (215, 240, 255)
_MAST: RGB = (90, 60, 40)
_HUBCAP: RGB = (190, 190, 190)


def plane(pen: Pen) -> None:
    """In flight to the right."""
    pen.polygon([(-0.8, -0.05), (-1, -0.6), (-0.7, -0.6), (-0.45, -0.1)], pen.deep(0.15), pen.edge)
    pen.ellipse(0, 0, 0.95, 0.26, pen.body, pen.edge)
    pen.polygon([(-0.05, 0.05), (0.3, 0.05), (-0.2, 0.7), (-0.45, 0.7)], pen.deep(0.15), pen.edge)
    for x in (-0.3, 0, 0.3):
        pen.ellipse(x, -0.06, 0.08, 0.08, _PORTHOLE)
    pen.ellipse(0.7, -0.06, 0.13, 0.1, _PORTHOLE)


def boat(pen: Pen) -> None:
    """A sailing boat; hull and sails take the colour."""
    pen.line([(0, 0.4), (0, -0.95)], _MAST, 0.09)
    pen.polygon([(0.08, -0.9), (0.08, 0.3), (0.75, 0.3)], pen.pale(0.3), pen.edge)
    pen.polygon([(-0.08, -0.7), (-0.08, 0.3), (-0.6, 0.3)], pen.pale(0.3), pen.edge)
    pen.polygon([(-1, 0.42), (1, 0.42), (0.65, 1), (-0.65, 1)], pen.body, pen.edge)


def car(pen: Pen) -> None:
    """Driving to the right."""
    pen.polygon([(-0.55, 0.3), (-0.35, -0.2), (0.3, -0.2), (0.55, 0.3)], pen.body, pen.edge)
    pen.polygon([(-0.4, 0.25), (-0.27, -0.1), (-0.03, -0.1), (-0.03, 0.25)], GLASS)
    pen.polygon([(0.05, 0.25), (0.05, -0.1), (0.25, -0.1), (0.42, 0.25)], GLASS)
    pen.block(-1, 0.28, 1, 0.75, pen.body, pen.edge)
    for x in (-0.55, 0.55):
        pen.ellipse(x, 0.76, 0.25, 0.25, INK)
        pen.ellipse(x, 0.76, 0.1, 0.1, _HUBCAP)
    pen.ellipse(0.93, 0.42, 0.07, 0.07, LAMP)
