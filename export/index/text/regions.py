"""Regions of a map of probabilities: which pixels hang together, and the smallest rectangle around them, at any angle.

Arithmetic on arrays alone. Coordinates are (x, y), in pixels of the map; angles are in radians, clockwise as y points down.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle at an angle: `width` runs along `angle`, which lies in [0, pi / 2), and `height` across it."""

    x: float
    y: float
    width: float
    height: float
    angle: float

    def grown(self, margin: float) -> "Rectangle":
        """Return it with each side moved outwards by so many pixels."""
        return Rectangle(self.x, self.y, self.width + 2 * margin, self.height + 2 * margin, self.angle)

    def at(self, u: NDArray[np.floating], v: NDArray[np.floating]) -> Points:
        """Return the points, (..., 2), at shares `u` of its width and `v` of its height."""
        across, down = (u - 0.5) * self.width, (v - 0.5) * self.height
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.stack([self.x + across * cos - down * sin, self.y + across * sin + down * cos], axis=-1)

    def corners(self) -> Points:
        """Return the corners, (4, 2), clockwise, from the one at the upper left where the angle is 0."""
        return self.at(np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0]))


def find_regions(mask: Mask) -> Iterator[Points]:
    """Yield the outermost pixels of each region of a mask, (n, 2): the ends of its runs, row by row.

    Pixels hang together that touch at a side or a corner.
    """
    rows, first, last = _runs(mask)
    labels = _join_runs(rows, first, last, mask.shape[0])
    order = np.argsort(labels, kind="stable")
    borders = np.flatnonzero(np.diff(labels[order])) + 1
    for group in np.split(order, borders):
        if len(group):
            yield np.concatenate(
                [np.stack([first[group], rows[group]], axis=1), np.stack([last[group], rows[group]], axis=1)]
            ).astype(np.float64)


def smallest_rectangle(points: Points) -> Rectangle:
    """Return the rectangle of least area around points, (n, 2), n at least 1. One of its sides lies on their hull."""
    hull = convex_hull(points)
    sides = np.roll(hull, -1, axis=0) - hull
    angles = np.unique(np.arctan2(sides[:, 1], sides[:, 0]) % (np.pi / 2)) if len(hull) > 1 else np.zeros(1)
    across = np.stack([np.cos(angles), np.sin(angles)])  # (2, a)
    down = np.stack([-np.sin(angles), np.cos(angles)])
    x, y = hull @ across, hull @ down  # (h, a)
    best = int(np.argmin(np.ptp(x, axis=0) * np.ptp(y, axis=0)))
    low, high = np.array([x[:, best].min(), y[:, best].min()]), np.array([x[:, best].max(), y[:, best].max()])
    centre = (low + high) / 2 @ np.stack([across[:, best], down[:, best]])
    (x_middle, y_middle), (width, height) = centre.tolist(), (high - low).tolist()
    return Rectangle(x_middle, y_middle, width, height, float(angles[best]))


def convex_hull(points: Points) -> Points:
    """Return the corners of the convex hull of points, (n, 2), in order around it (Andrew's monotone chain)."""
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    return np.array([*_half_hull(ordered), *_half_hull(ordered[::-1])])


def unclip_margin(rectangle: Rectangle, ratio: float) -> float:
    """Return how far each side of a shrunken text region lies within the text's own outline.

    DB (Liao et al., arXiv 1911.08947) shrinks by area / perimeter and grows by that times a ratio; of a rectangle, growing
    is moving its sides.
    """
    around = 2 * (rectangle.width + rectangle.height)
    return rectangle.width * rectangle.height * ratio / around if around else 0.0


def mean_within(values: NDArray[np.float32], rectangle: Rectangle) -> float:
    """Return the mean of a map, (h, w), over a rectangle, from samples at most about a pixel apart."""
    columns, rows = (int(np.clip(round(side), 2, 64)) for side in (rectangle.width, rectangle.height))
    u, v = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    x, y = np.moveaxis(rectangle.at(u, v).round().astype(int), -1, 0)
    height, width = values.shape
    return float(values[y.clip(0, height - 1), x.clip(0, width - 1)].mean())


def _runs(mask: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return row, first and last column of every run of True, from the top."""
    change = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, first = np.nonzero(change == 1)
    _, behind = np.nonzero(change == -1)
    return rows, first, behind - 1


def _join_runs(rows: NDArray[np.intp], first: NDArray[np.intp], last: NDArray[np.intp], height: int) -> NDArray[np.intp]:
    """Return a number for each run, the same for all of one region."""
    parent = list(range(len(rows)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    starts, ends = first.tolist(), last.tolist()
    begins = np.searchsorted(rows, np.arange(height + 1)).tolist()
    for row in range(1, height):
        above, here = begins[row - 1], begins[row]
        while above < begins[row] and here < begins[row + 1]:
            if starts[above] <= ends[here] + 1 and starts[here] <= ends[above] + 1:
                parent[root(here)] = root(above)
            if ends[above] < ends[here]:
                above += 1
            else:
                here += 1
    return np.array([root(run) for run in range(len(parent))], dtype=np.intp)


def _half_hull(ordered: Points) -> list[list[float]]:
    chain: list[list[float]] = []
    for x, y in ordered.tolist():
        while len(chain) > 1 and _turn(chain[-2], chain[-1], x, y) <= 0:
            chain.pop()
        chain.append([x, y])
    return chain[:-1]


def _turn(before: list[float], at: list[float], x: float, y: float) -> float:
    """Return above 0 for a turn to the one side at the middle one of three points, below 0 for the other side."""
    return (at[0] - before[0]) * (y - before[1]) - (at[1] - before[1]) * (x - before[0])
