"""Paints the land of each place, from the horizon down; above it only hills, mountains and roofs."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin

from export.storybook.canvas import DOT, Canvas
from export.storybook.palette import RGB, light_on_land, mix
from export.storybook.skies import vary

_SEA: RGB = (35, 110, 180)
_DEEP_SEA: RGB = (10, 50, 120)
_CREST: RGB = (190, 225, 245)
_SHALLOWS: RGB = (45, 130, 195)
_SURF: RGB = (235, 245, 250)
_SAND: RGB = (240, 215, 155)
_PEBBLE: RGB = (205, 175, 115)
_ROCK: tuple[RGB, RGB] = ((95, 105, 130), (130, 135, 150))
_PEAK: RGB = (248, 250, 255)
_SNOW: RGB = (232, 238, 248)
_GRASS: RGB = (95, 175, 75)
_FAR_GRASS: RGB = (60, 130, 70)
_BLADE: RGB = (55, 125, 50)
_DUNE: RGB = (225, 170, 95)
_FAR_DUNE: RGB = (180, 110, 60)
_CACTUS: RGB = (70, 130, 70)
_WALL: tuple[RGB, RGB] = ((105, 110, 125), (165, 160, 165))
_LIT_WINDOW: RGB = (255, 230, 130)
_WINDOW: RGB = (200, 220, 235)
_PAVEMENT: RGB = (165, 162, 165)
_ROAD: RGB = (95, 95, 102)
_LANE: RGB = (225, 225, 210)


@dataclass(frozen=True, slots=True)
class View:
    """What every painter of land needs: the canvas, the height of the horizon, the time of day, the random numbers."""

    canvas: Canvas
    horizon: float
    time: str
    rng: random.Random

    def lit(self, colour: RGB) -> RGB:
        """Return a colour of the land at this time of day."""
        return light_on_land(colour, self.time)


def paint_land(canvas: Canvas, place: str, time: str, horizon: float, rng: random.Random) -> None:
    """Paint the place over the lower part of the sky."""
    _PAINTERS[place](View(canvas, horizon, time, rng))


def _hill(view: View, y: float, swing: float, colour: RGB) -> None:
    """Paint everything below a gentle wave around height `y`."""
    frequency, phase = view.rng.uniform(1, 2.5), view.rng.uniform(0, 2 * pi)
    ridge = [(step / 12, y + swing * sin(frequency * step / 12 * pi + phase)) for step in range(13)]
    view.canvas.polygon([*ridge, (1, 1), (0, 1)], view.lit(colour))


def _sea(view: View) -> None:
    water, depth = vary(_SEA, 10, view.rng), 1 - view.horizon
    view.canvas.rectangle(0, view.horizon, 1, 1, view.lit(water))
    for band in range(1, 5):
        top = view.horizon + depth * (band / 4 - 1 / 8)
        view.canvas.rectangle(0, top, 1, 1, view.lit(mix(water, _DEEP_SEA, 0.12 * band)))
    for _ in range(view.rng.randint(8, 14)):
        x, y = view.rng.random(), view.rng.uniform(view.horizon + 3 * DOT, 1)
        view.canvas.crest(x, y, view.rng.uniform(3, 7) * DOT, 2.5 * DOT, view.lit(_CREST))


def _beach(view: View) -> None:
    view.canvas.rectangle(0, view.horizon, 1, 1, view.lit(_SHALLOWS))
    shore = view.horizon + view.rng.uniform(0.07, 0.12)
    _hill(view, shore - 1.5 * DOT, 0.012, _SURF)
    _hill(view, shore + DOT, 0.012, vary(_SAND, 10, view.rng))
    for _ in range(view.rng.randint(8, 16)):
        x, y = view.rng.random(), view.rng.uniform(shore + 0.05, 1)
        view.canvas.ellipse(x, y, 0.7 * DOT, 0.7 * DOT, view.lit(_PEBBLE))


def _mountain(view: View) -> None:
    for _ in range(view.rng.randint(2, 4)):
        x, width, height = view.rng.random(), view.rng.uniform(0.25, 0.45), view.rng.uniform(0.25, 0.42)
        rock, foot, top = mix(*_ROCK, view.rng.random()), view.horizon + 0.05, view.horizon - height
        view.canvas.polygon([(x - width, foot), (x, top), (x + width, foot)], view.lit(rock))
        snow_line = ((-0.4, 0.55), (0, 1), (0.4, 0.55), (0.2, 0.65), (0, 0.5), (-0.2, 0.65))
        cap = [(x + width * across, view.horizon - height * up) for across, up in snow_line]
        view.canvas.polygon(cap, view.lit(_PEAK))
    _hill(view, view.horizon + 0.03, 0.02, vary(_SNOW, 10, view.rng))


def _meadow(view: View) -> None:
    grass = vary(_GRASS, 10, view.rng)
    _hill(view, view.horizon - 0.02, 0.04, mix(grass, _FAR_GRASS, 0.5))
    _hill(view, view.horizon + 0.06, 0.03, grass)
    for _ in range(view.rng.randint(10, 20)):
        x, y = view.rng.random(), view.rng.uniform(view.horizon + 0.1, 1)
        tip = x + view.rng.uniform(-1.5, 1.5) * DOT
        view.canvas.line([(x, y), (tip, y - 3 * DOT)], view.lit(_BLADE), DOT)


def _desert(view: View) -> None:
    sand = vary(_DUNE, 10, view.rng)
    _hill(view, view.horizon - 0.01, 0.05, mix(sand, _FAR_DUNE, 0.45))
    _hill(view, view.horizon + 0.07, 0.04, sand)
    for _ in range(view.rng.randint(1, 3)):
        x, y = view.rng.random(), view.horizon + view.rng.uniform(0.02, 0.06)
        _cactus(view, x, y, view.rng.uniform(6, 10) * DOT)


def _cactus(view: View, x: float, y: float, height: float) -> None:
    green, arm = view.lit(_CACTUS), height * 0.35
    view.canvas.line([(x, y), (x, y - height)], green, 2.2 * DOT)
    for reach, low, high in ((arm, 0.4, 0.75), (-arm, 0.3, 0.6)):
        elbow = [(x, y - height * low), (x + reach, y - height * low), (x + reach, y - height * high)]
        view.canvas.line(elbow, green, 1.5 * DOT)


def _city(view: View) -> None:
    left = -view.rng.uniform(0, 0.1)
    while left < 1:
        width = view.rng.uniform(0.09, 0.16)
        _tower(view, left, width, view.rng.uniform(0.12, 0.36))
        left += width + view.rng.uniform(0, 0.02)
    view.canvas.rectangle(0, view.horizon + 0.03, 1, 1, view.lit(_PAVEMENT))
    kerb = view.horizon + view.rng.uniform(0.12, 0.2)
    view.canvas.rectangle(0, kerb, 1, 1, view.lit(_ROAD))
    lane = (kerb + 1) / 2
    for dash in range(6):
        x = (dash + view.rng.random() * 0.1) / 5
        view.canvas.rectangle(x, lane, x + 0.1, lane + 1.5 * DOT, view.lit(_LANE))


def _tower(view: View, left: float, width: float, height: float) -> None:
    wall = mix(*_WALL, view.rng.random())
    view.canvas.rectangle(left, view.horizon - height, left + width, view.horizon + 0.05, view.lit(wall))
    window = _LIT_WINDOW if view.time in ("night", "sunset") else view.lit(_WINDOW)
    rows, columns = int((height - 3 * DOT) / (5 * DOT)), int((width - 2 * DOT) / (3.6 * DOT))
    for row in range(rows):
        for column in range(columns):
            if view.rng.random() < 0.7:
                x, y = left + (2 + 3.6 * column) * DOT, view.horizon - height + (3 + 5 * row) * DOT
                view.canvas.rectangle(x, y, x + 1.6 * DOT, y + 2.2 * DOT, window)


_PAINTERS: dict[str, Callable[[View], None]] = {
    "sea": _sea,
    "beach": _beach,
    "mountain": _mountain,
    "meadow": _meadow,
    "desert": _desert,
    "city": _city,
}
