"""Chooses where the figures of a scene stand and how large they are. Paints nothing.

All lengths are fractions of the picture. A figure fills a square of twice its `radius`: a standing one is placed by
the ground under it, a flying one by its centre.
"""

import random
from dataclasses import dataclass

from export.storybook.scenes import AIR, Group, Scene

# With figures 26-32 pixels wide, a first model (16-pixel patches) mostly failed by confusing their shapes.
_MAGNIFICATION = 1.16
_NEVER_MIRRORED = ("house", "castle")
_LOWEST_GROUND = 0.97
_SLOTS = {1: (0.5,), 2: (0.29, 0.71), 3: (0.19, 0.5, 0.81)}
_RADII = {1: (0.19, 0.29), 2: (0.145, 0.19), 3: (0.115, 0.145)}
_SLIDES = {1: 0.25, 2: 0.1, 3: 0.02}


@dataclass(frozen=True, slots=True)
class Placement:
    """One figure to draw: the centre and half the side of its square, in fractions of the picture."""

    object: str
    colour: str
    x: float
    y: float
    radius: float
    mirrored: bool


def arrange(scene: Scene, horizon: float, rng: random.Random) -> list[Placement]:
    """Return the figures of a scene, those behind first.

    Args:
        scene: What to place.
        horizon: Height of the horizon, as a fraction of the picture from its top.
        rng: Decides sizes and places.
    """
    if not scene.relation:
        return _row(scene.groups[0], horizon, rng)
    first, second = scene.groups
    if scene.relation == "next to":
        return _side_by_side(first, second, horizon, rng)
    if scene.relation == "above":
        return _one_above(first, second, rng)
    return _one_in_front(first, second, horizon, rng)


def _place(group: Group, x: float, base: float, radius: float, rng: random.Random) -> Placement:
    """Return one figure of the group; `base` is the ground under it, or the centre if it flies."""
    radius *= _MAGNIFICATION
    y = base if group.object in AIR else base - radius
    mirrored = rng.random() < 0.5 and group.object not in _NEVER_MIRRORED
    return Placement(group.object, group.colour, x, y, radius, mirrored)


def _row(group: Group, horizon: float, rng: random.Random) -> list[Placement]:
    """Return one to three figures of a kind, spread over the width."""
    radius = rng.uniform(*_RADII[group.count])
    slide = rng.uniform(-_SLIDES[group.count], _SLIDES[group.count])
    if group.object in AIR:
        height = rng.uniform(0.22, 0.5 if group.count == 1 else 0.42)
        bases = [height + rng.uniform(-0.07, 0.07) for _ in range(group.count)]
    else:
        ground = rng.uniform(max(horizon + 0.12, 0.75), 0.95)
        bases = [min(_LOWEST_GROUND, ground + rng.uniform(-0.06, 0.03)) for _ in range(group.count)]
    return [
        _place(group, slot + slide + rng.uniform(-0.02, 0.02), base, radius * rng.uniform(0.92, 1.08), rng)
        for base, slot in sorted(zip(bases, _SLOTS[group.count], strict=True))
    ]


def _side_by_side(first: Group, second: Group, horizon: float, rng: random.Random) -> list[Placement]:
    left, right = (first, second) if rng.random() < 0.5 else (second, first)
    left_radius, right_radius = rng.uniform(0.16, 0.21), rng.uniform(0.16, 0.21)
    left_width, right_width = 2 * left_radius * _MAGNIFICATION, 2 * right_radius * _MAGNIFICATION
    gap = min(rng.uniform(0.02, 0.06), 1 - left_width - right_width)
    slack = 1 - left_width - gap - right_width
    start = max(0.0, min(slack, slack / 2 + rng.uniform(-0.06, 0.06)))
    flying = first.object in AIR
    base = rng.uniform(0.25, 0.42) if flying else rng.uniform(max(horizon + 0.14, 0.78), 0.95)
    left_x, right_x = start + left_width / 2, start + left_width + gap + right_width / 2
    return [
        _place(left, left_x, base + rng.uniform(-0.03, 0.02), left_radius, rng),
        _place(right, right_x, base + rng.uniform(-0.03, 0.02), right_radius, rng),
    ]


def _one_above(flying: Group, standing: Group, rng: random.Random) -> list[Placement]:
    below_radius, below_x = rng.uniform(0.16, 0.22), rng.uniform(0.3, 0.7)
    below = _place(standing, below_x, rng.uniform(0.9, 0.97), below_radius, rng)
    height = rng.uniform(0.2, 0.28)
    if flying.count == 1:
        radius, xs = rng.uniform(0.13, 0.17), [below_x + rng.uniform(-0.12, 0.12)]
    else:
        radius, left_x = rng.uniform(0.11, 0.14), below_x - 0.17 + rng.uniform(-0.05, 0.05)
        left_x = max(0.14, min(0.6, left_x))
        xs = [left_x, left_x + rng.uniform(0.3, 0.36)]
    return [below, *(_place(flying, x, height + rng.uniform(-0.04, 0.04), radius, rng) for x in xs)]


def _one_in_front(front: Group, back: Group, horizon: float, rng: random.Random) -> list[Placement]:
    back_radius, back_x = rng.uniform(0.25, 0.32), rng.uniform(0.38, 0.62)
    back_base = rng.uniform(max(horizon + 0.08, 0.7), 0.82)
    front_radius, front_x = rng.uniform(0.13, 0.165), back_x + rng.uniform(-0.15, 0.15)
    front_base = min(0.98, back_base + rng.uniform(0.08, 0.14))
    return [
        _place(back, back_x, back_base, back_radius, rng),
        _place(front, front_x, front_base, front_radius, rng),
    ]
