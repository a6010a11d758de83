"""Buildings: house, castle, tent."""

from export.storybook.canvas import Pen
from export.storybook.palette import INK, LAMP, RGB

_DOOR: RGB = (80, 50, 35)
_GATE: RGB = (70, 45, 30)


def house(pen: Pen) -> None:
    """A gable, a chimney, a door between two lit windows."""
    pen.block(0.4, -0.85, 0.6, -0.3, pen.edge)
    pen.block(-0.75, -0.15, 0.75, 1, pen.body, pen.edge)
    pen.polygon([(-0.95, -0.12), (0, -0.95), (0.95, -0.12)], pen.deep(0.3), pen.edge)
    pen.block(-0.18, 0.4, 0.18, 1, _DOOR)
    pen.block(-0.6, 0.15, -0.28, 0.48, LAMP, pen.edge)
    pen.block(0.28, 0.15, 0.6, 0.48, LAMP, pen.edge)


def castle(pen: Pen) -> None:
    """A battlement between two towers."""
    pen.block(-0.6, -0.1, 0.6, 1, pen.body, pen.edge)
    for left in (-0.45, -0.05, 0.3):
        pen.block(left, -0.28, left + 0.18, -0.08, pen.body, pen.edge)
    for left in (-1, 0.55):
        pen.block(left, -0.45, left + 0.45, 1, pen.body, pen.edge)
        roof = [(left - 0.08, -0.42), (left + 0.225, -1), (left + 0.53, -0.42)]
        pen.polygon(roof, pen.deep(0.3), pen.edge)
        pen.block(left + 0.15, -0.15, left + 0.3, 0.12, INK)
    pen.dome(0, 0.75, 0.22, 0.3, _GATE)
    pen.block(-0.22, 0.74, 0.22, 1, _GATE)


def tent(pen: Pen) -> None:
    """An open tent with a pennant."""
    pen.polygon([(-1, 1), (0, -0.75), (1, 1)], pen.body, pen.edge)
    pen.polygon([(-0.3, 1), (0, -0.1), (0.3, 1)], pen.deep(0.6))
    pen.line([(0, -0.75), (0, -1)], INK, 0.06)
    pen.polygon([(0, -1), (0.25, -0.9), (0, -0.8)], pen.pale(0.3))
