"""Draws a scene as a picture with boxes. Owns the order of painting and the file format; other files draw the shapes."""

import random
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from export.storybook.canvas import Canvas, Pen
from export.storybook.figures import FIGURES
from export.storybook.lands import paint_land
from export.storybook.layout import Placement, arrange
from export.storybook.palette import PAINTS
from export.storybook.scenes import Box, Scene
from export.storybook.skies import paint_rain, paint_sky, vary

PICTURE_SIDE_PX = 384
"""Default of `draw`: sharp on a web page, and larger than the models' input, as photos are."""

_SUPERSAMPLING = 2
_JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn scene; boxes in the order of drawing, those behind first."""

    scene: Scene
    image: Image.Image
    boxes: tuple[Box, ...]


def draw_scene(scene: Scene, rng: random.Random, side_px: int = PICTURE_SIDE_PX) -> Picture:
    """Draw a scene as the product serves it: supersampled, then reduced to `side_px`.

    The same scene and random state give the same composition at every size.
    """
    picture = paint_scene(scene, rng, side_px * _SUPERSAMPLING)
    return Picture(scene, picture.image.reduce(_SUPERSAMPLING), picture.boxes)


def paint_scene(scene: Scene, rng: random.Random, side_px: int) -> Picture:
    """Draw a scene on a canvas of `side_px`, its edges not smoothed; for callers that shrink it themselves."""
    canvas = Canvas(side_px)
    horizon = rng.uniform(0.55, 0.68)
    paint_sky(canvas, scene.time, horizon, rng)
    paint_land(canvas, scene.place, scene.time, horizon, rng)
    boxes = tuple(_draw_figure(canvas, place, scene.time, rng) for place in arrange(scene, horizon, rng))
    if scene.time == "rain":
        paint_rain(canvas, rng)
    return Picture(scene, canvas.image, boxes)


def encode_jpeg(image: Image.Image) -> bytes:
    """The bytes of a high-quality JPEG without metadata; equal for equal pixels."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _draw_figure(canvas: Canvas, place: Placement, time: str, rng: random.Random) -> Box:
    colour = vary(PAINTS[place.colour], 12, rng)
    pen = Pen(canvas, colour, time, centre=(place.x, place.y), radius=place.radius, mirrored=place.mirrored)
    FIGURES[place.object](pen)
    return Box(place.object, place.colour, *pen.extent())
