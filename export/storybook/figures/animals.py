"""Animals: bird, butterfly, duck, whale, dog, cat."""

from export.storybook.canvas import Pen
from export.storybook.palette import BEAK, INK, RGB

_SPRAY: RGB = (170, 215, 245)
_CAT_EYE: RGB = (120, 210, 90)
_CAT_NOSE: RGB = (230, 120, 130)


def bird(pen: Pen) -> None:
    """In flight, facing right, one wing up."""
    pen.polygon([(-0.5, 0.1), (-1, -0.15), (-0.95, 0.3)], pen.edge)
    pen.ellipse(0, 0.1, 0.6, 0.36, pen.body, pen.edge)
    pen.ellipse(0.55, -0.2, 0.28, 0.28, pen.body, pen.edge)
    pen.polygon([(0.8, -0.25), (1.05, -0.12), (0.8, -0.05)], BEAK)
    pen.polygon([(-0.3, 0.05), (0.25, 0.05), (-0.25, -0.85)], pen.deep(0.2), pen.edge)
    pen.ellipse(0.62, -0.26, 0.06, 0.06, INK)


def butterfly(pen: Pen) -> None:
    """Seen from above, two pairs of wings."""
    for side in (-1, 1):
        pen.ellipse(0.45 * side, -0.35, 0.42, 0.42, pen.body, pen.edge)
        pen.ellipse(0.38 * side, 0.4, 0.33, 0.33, pen.pale(0.15), pen.edge)
        pen.ellipse(0.45 * side, -0.35, 0.15, 0.15, pen.pale(0.6))
        pen.line([(0, -0.5), (0.2 * side, -0.95)], INK, 0.05)
    pen.ellipse(0, 0, 0.09, 0.6, INK)


def duck(pen: Pen) -> None:
    """Swimming to the right."""
    pen.polygon([(-0.6, 0.4), (-1, 0.1), (-0.75, 0.6)], pen.body, pen.edge)
    pen.ellipse(-0.05, 0.5, 0.75, 0.45, pen.body, pen.edge)
    pen.ellipse(0.5, -0.2, 0.36, 0.36, pen.body, pen.edge)
    pen.polygon([(0.8, -0.25), (1.1, -0.08), (0.8, 0.02)], BEAK)
    pen.ellipse(0.58, -0.3, 0.07, 0.07, INK)
    pen.ellipse(-0.15, 0.45, 0.38, 0.22, pen.deep(0.18))


def whale(pen: Pen) -> None:
    """Its back above the water, spouting."""
    tail = [(-0.6, 0.4), (-1.1, -0.35), (-0.85, -0.1), (-0.6, -0.4), (-0.55, 0.2)]
    pen.polygon(tail, pen.body, pen.edge)
    pen.dome(0.15, 0.75, 0.9, 1.0, pen.body, pen.edge)
    pen.block(-0.72, 0.7, 1.03, 0.95, pen.pale(0.45), pen.edge)
    pen.ellipse(0.65, 0.4, 0.08, 0.08, INK)
    for jet in ([(0.2, -0.25), (0.2, -0.6)], [(0.2, -0.6), (-0.05, -0.8)], [(0.2, -0.6), (0.45, -0.8)]):
        pen.line(jet, _SPRAY, 0.09)


def dog(pen: Pen) -> None:
    """Standing on four legs, facing right, tail up."""
    pen.line([(-0.65, 0.2), (-0.95, -0.25)], pen.body, 0.16)
    for leg in (-0.55, -0.25, 0.25, 0.5):
        pen.block(leg - 0.09, 0.4, leg + 0.09, 1, pen.deep(0.12), pen.edge)
    pen.ellipse(-0.05, 0.3, 0.7, 0.34, pen.body, pen.edge)
    pen.ellipse(0.62, -0.25, 0.34, 0.34, pen.body, pen.edge)
    pen.ellipse(0.9, -0.12, 0.2, 0.15, pen.pale(0.2), pen.edge)
    pen.ellipse(1.03, -0.18, 0.07, 0.06, INK)
    pen.ellipse(0.42, -0.2, 0.13, 0.32, pen.deep(0.3), pen.edge)
    pen.ellipse(0.72, -0.33, 0.06, 0.06, INK)


def cat(pen: Pen) -> None:
    """Sitting, facing the reader."""
    pen.line([(-0.45, 0.85), (-0.85, 0.6), (-0.8, 0.1)], pen.body, 0.15)
    pen.ellipse(0, 0.5, 0.48, 0.52, pen.body, pen.edge)
    for side in (-1, 1):
        pen.polygon([(0.08 * side, -0.6), (0.42 * side, -1), (0.5 * side, -0.3)], pen.body, pen.edge)
        pen.ellipse(0.18 * side, 0.95, 0.16, 0.09, pen.pale(0.2), pen.edge)
    pen.ellipse(0, -0.3, 0.5, 0.42, pen.body, pen.edge)
    for side in (-1, 1):
        pen.ellipse(0.19 * side, -0.36, 0.08, 0.1, _CAT_EYE)
        pen.ellipse(0.19 * side, -0.36, 0.03, 0.09, INK)
        pen.line([(0.15 * side, -0.12), (0.7 * side, -0.2)], INK, 0.03)
        pen.line([(0.15 * side, -0.08), (0.7 * side, -0.02)], INK, 0.03)
    pen.polygon([(-0.06, -0.2), (0.06, -0.2), (0, -0.12)], _CAT_NOSE)
