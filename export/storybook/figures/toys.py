"""Things one holds by a string or a handle: balloon, kite, umbrella."""

from export.storybook.canvas import Pen
from export.storybook.palette import INK


def balloon(pen: Pen) -> None:
    """A balloon and its string."""
    pen.line([(0, 0.35), (0.08, 0.65), (-0.06, 1)], INK, 0.05)
    pen.ellipse(0, -0.3, 0.6, 0.7, pen.body, pen.edge)
    pen.polygon([(-0.12, 0.52), (0.12, 0.52), (0, 0.38)], pen.edge)
    pen.ellipse(-0.2, -0.55, 0.12, 0.18, pen.pale(0.5))


def kite(pen: Pen) -> None:
    """A diamond with a cross and a tail of two bows."""
    pen.line([(0, 0.35), (0.2, 0.6), (-0.1, 0.8), (0.1, 1)], INK, 0.05)
    pen.polygon([(0, -1), (0.6, -0.35), (0, 0.4), (-0.6, -0.35)], pen.body, pen.edge)
    pen.line([(0, -1), (0, 0.4)], pen.edge, 0.06)
    pen.line([(-0.6, -0.35), (0.6, -0.35)], pen.edge, 0.06)
    for x, y in ((0.12, 0.6), (-0.02, 0.82)):
        bow = [(x - 0.14, y - 0.08), (x + 0.14, y + 0.08), (x + 0.14, y - 0.08), (x - 0.14, y + 0.08)]
        pen.polygon(bow, pen.body)


def umbrella(pen: Pen) -> None:
    """An open umbrella standing on its hooked handle."""
    pen.line([(0, -0.3), (0, 0.85), (0.1, 0.95), (0.25, 0.85)], INK, 0.09)
    pen.dome(0, 0, 1, 0.95, pen.body, pen.edge)
    for x in (-0.66, 0, 0.66):
        pen.dome(x, 0.02, 0.33, 0.18, pen.deep(0.45))
    pen.line([(0, -0.95), (-0.33, 0)], pen.edge, 0.05)
    pen.line([(0, -0.95), (0.33, 0)], pen.edge, 0.05)
    pen.line([(0, -1.05), (0, -0.95)], INK, 0.08)
