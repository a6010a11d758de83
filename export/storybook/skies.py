"""Paints the sky of each time: its gradient, and sun, clouds, stars or rain. Paints nothing below the horizon but rain."""

import random

from export.storybook.canvas import DOT, Canvas
from export.storybook.palette import RGB, mix

_GRADIENTS: dict[str, tuple[tuple[RGB, RGB], ...]] = {
    "day": (
        ((110, 185, 245), (205, 235, 252)),
        ((90, 170, 235), (190, 225, 245)),
        ((140, 205, 250), (225, 242, 250)),
    ),
    "sunset": (
        ((110, 70, 140), (255, 170, 90)),
        ((190, 90, 110), (255, 195, 120)),
        ((240, 120, 80), (255, 215, 140)),
    ),
    "night": (((8, 12, 40), (35, 45, 95)), ((15, 10, 45), (50, 40, 100)), ((5, 18, 40), (25, 55, 90))),
    "rain": (
        ((95, 105, 120), (160, 168, 178)),
        ((110, 115, 125), (175, 180, 185)),
        ((80, 92, 108), (145, 155, 165)),
    ),
}
_SUN: RGB = (255, 235, 110)
_SUN_GLOW: RGB = (255, 240, 150)
_LOW_SUN: RGB = (255, 225, 130)
_LOW_SUN_GLOW: RGB = (255, 220, 120)
_STREAK: RGB = (255, 190, 160)
_STAR: RGB = (240, 240, 210)
_MOON: RGB = (245, 242, 215)
_CLOUD: RGB = (255, 255, 255)
_STORM: tuple[RGB, RGB] = ((70, 78, 90), (120, 125, 135))
_RAINDROP: RGB = (195, 210, 225)


def vary(colour: RGB, spread: int, rng: random.Random) -> RGB:
    """Return the colour with each channel moved by at most `spread` of 255."""
    red, green, blue = (max(0, min(255, channel + rng.randint(-spread, spread))) for channel in colour)
    return red, green, blue


def paint_sky(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    """Fill the picture with a sky; the land is painted over its lower part."""
    top, bottom = rng.choice(_GRADIENTS[time])
    top, bottom = vary(top, 10, rng), vary(bottom, 10, rng)
    canvas.gradient(top, bottom)
    if time == "day":
        _sunshine(canvas, top, rng)
    elif time == "sunset":
        _low_sun(canvas, top, bottom, horizon, rng)
    elif time == "night":
        _starlight(canvas, top, bottom, horizon, rng)
    else:
        _storm_clouds(canvas, rng)


def paint_rain(canvas: Canvas, rng: random.Random) -> None:
    """Paint streaks of rain over the finished picture."""
    for _ in range(rng.randint(35, 60)):
        x, y, length = rng.random(), rng.random(), rng.uniform(4, 7) * DOT
        canvas.line([(x, y), (x - length * 0.3, y + length)], _RAINDROP, 0.7 * DOT)


def _sunshine(canvas: Canvas, top: RGB, rng: random.Random) -> None:
    x, y, radius = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.2), rng.uniform(6, 9) * DOT
    canvas.ellipse(x, y, radius * 1.5, radius * 1.5, mix(top, _SUN_GLOW, 0.5))
    canvas.ellipse(x, y, radius, radius, _SUN)
    for _ in range(rng.randint(1, 3)):
        _cloud(canvas, rng.random(), rng.uniform(0.05, 0.35), rng.uniform(5, 9) * DOT, _CLOUD)


def _low_sun(canvas: Canvas, top: RGB, bottom: RGB, horizon: float, rng: random.Random) -> None:
    x, radius = rng.uniform(0.15, 0.85), rng.uniform(10, 16) * DOT
    y = horizon - rng.uniform(-0.2, 0.6) * radius
    canvas.ellipse(x, y, radius * 1.4, radius * 1.4, mix(bottom, _LOW_SUN_GLOW, 0.5))
    canvas.ellipse(x, y, radius, radius, _LOW_SUN)
    for _ in range(rng.randint(1, 3)):
        x, y, length = rng.random(), rng.uniform(0.1, 0.4), rng.uniform(12, 25) * DOT
        canvas.capsule(x, y, length, 1.5 * DOT, mix(top, _STREAK, 0.5))


def _starlight(canvas: Canvas, top: RGB, bottom: RGB, horizon: float, rng: random.Random) -> None:
    for _ in range(rng.randint(15, 35)):
        x, y, radius = rng.random(), rng.uniform(0, horizon), rng.uniform(0.4, 1.0) * DOT
        canvas.ellipse(x, y, radius, radius, _STAR)
    x, y, radius = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.22), rng.uniform(6, 9) * DOT
    canvas.ellipse(x, y, radius, radius, _MOON)
    if rng.random() < 0.6:  # a crescent: the sky's own colour covers the rest of the moon
        canvas.ellipse(x + radius * 0.525, y - radius * 0.15, radius * 0.975, radius, mix(top, bottom, y))


def _storm_clouds(canvas: Canvas, rng: random.Random) -> None:
    for _ in range(rng.randint(3, 5)):
        x, y, size = rng.random(), rng.uniform(0, 0.15), rng.uniform(9, 16) * DOT
        _cloud(canvas, x, y, size, mix(*_STORM, rng.random()))


def _cloud(canvas: Canvas, x: float, y: float, size: float, colour: RGB) -> None:
    for dx, dy, puff in ((-1, 0.1, 0.7), (0, -0.2, 1), (1, 0.1, 0.7)):
        canvas.ellipse(x + dx * size, y + dy * size, puff * size, puff * size * 0.6, colour)
