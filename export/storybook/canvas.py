"""Shapes in fractions of the picture, and in a figure's own frame. The only drawing file that calls Pillow's ImageDraw.

Owns the two coordinate systems. Canvas measures in fractions of the picture, so a picture looks the same at every
size. Pen measures in a figure's frame, where the figure fills [-1, 1] both ways and touches the ground at y = +1, and
remembers the extent of what it drew. Owns no figure and no scenery.
"""

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from export.storybook.palette import RGB, darker, light_on_object, lighter

Point = tuple[float, float]

DOT = 1 / 112
"""One pixel of the models' input, as a fraction of the picture: details are measured in it, to outlive downsizing."""


class Stroke(NamedTuple):
    """The outline of a shape; `width` as a fraction of the picture."""

    colour: RGB
    width: float


class Canvas:
    """A square picture being painted; all lengths are fractions of its side."""

    def __init__(self, side_px: int) -> None:
        self.side_px = side_px
        self.image = Image.new("RGB", (side_px, side_px))
        self._draw = ImageDraw.Draw(self.image)

    def gradient(self, top: RGB, bottom: RGB) -> None:
        """Fill the whole picture from `top` to `bottom`."""
        ramp = Image.new("RGB", (1, 2))
        ramp.putpixel((0, 0), top)
        ramp.putpixel((0, 1), bottom)
        # Half a source pixel is flat at either end of a resize; the inner box is the pure ramp.
        side = self.side_px
        self.image.paste(ramp.resize((side, side), Image.Resampling.BILINEAR, box=(0, 0.5, 1, 1.5)))

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: RGB, edge: Stroke | None = None) -> None:
        """An ellipse around (x, y); its edge is drawn inside it."""
        box = self._scale((x - rx, y - ry), (x + rx, y + ry))
        colour, width = edge or (None, 0.0)
        self._draw.ellipse(box, fill=fill, outline=colour, width=self._width_px(width))

    def dome(self, x: float, y: float, rx: float, ry: float, fill: RGB, edge: Stroke | None = None) -> None:
        """The upper half of an ellipse around (x, y); its edge is drawn inside it."""
        box = self._scale((x - rx, y - ry), (x + rx, y + ry))
        colour, width = edge or (None, 0.0)
        self._draw.pieslice(box, 180, 360, fill=fill, outline=colour, width=self._width_px(width))

    def polygon(self, points: Sequence[Point], fill: RGB, edge: Stroke | None = None) -> None:
        """A filled polygon; its edge is centred on its border and has rounded corners."""
        corners = self._scale(*points)
        self._draw.polygon(corners, fill=fill)
        if edge:
            outline = [*corners, corners[0]]
            self._draw.line(outline, fill=edge.colour, width=self._width_px(edge.width), joint="curve")

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, fill: RGB) -> None:
        """An upright rectangle."""
        self._draw.rectangle(self._scale((x0, y0), (x1, y1)), fill=fill)

    def line(self, points: Sequence[Point], fill: RGB, width: float) -> None:
        """A line through the points, at least one pixel wide."""
        self._draw.line(self._scale(*points), fill=fill, width=self._width_px(width))

    def capsule(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        """A rectangle around (x, y) with half-round ends."""
        box = self._scale((x - rx, y - ry), (x + rx, y + ry))
        self._draw.rounded_rectangle(box, ry * self.side_px, fill=fill)

    def crest(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        """The crest of a small wave: the upper part of an ellipse's outline, one dot wide."""
        box = self._scale((x - rx, y - ry), (x + rx, y + ry))
        self._draw.arc(box, 200, 340, fill=fill, width=self._width_px(DOT))

    def _scale(self, *points: Point) -> list[Point]:
        return [(x * self.side_px, y * self.side_px) for x, y in points]

    def _width_px(self, width: float) -> int:
        return max(1, round(width * self.side_px))


class Pen:
    """Draws one figure on a canvas, in the figure's own frame, in its own colour and the light of the scene."""

    def __init__(self, canvas: Canvas, colour: RGB, time: str, *, centre: Point, radius: float, mirrored: bool) -> None:
        self.body = colour
        self.edge = darker(colour)
        self._canvas = canvas
        self._time = time
        self._centre = centre
        self._radius = radius
        self._direction = -1 if mirrored else 1
        self._edge_width = radius * 0.05
        self._touched: list[Point] = []

    def deep(self, share: float) -> RGB:
        """The figure's colour, darkened."""
        return darker(self.body, share)

    def pale(self, share: float) -> RGB:
        """The figure's colour, lightened."""
        return lighter(self.body, share)

    def extent(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) of everything drawn so far, in fractions of the picture, cut at its border."""
        xs, ys = zip(*self._touched, strict=True)
        return max(0.0, min(xs)), max(0.0, min(ys)), min(1.0, max(xs)), min(1.0, max(ys))

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: RGB, edge: RGB | None = None) -> None:
        """An ellipse around (x, y)."""
        (cx, cy), r = self._place((x, y), margin=(rx, ry)), self._radius
        self._canvas.ellipse(cx, cy, rx * r, ry * r, self._lit(fill), self._stroke(edge))

    def dome(self, x: float, y: float, rx: float, ry: float, fill: RGB, edge: RGB | None = None) -> None:
        """The upper half of an ellipse around (x, y)."""
        self._place((x, y - ry / 2), margin=(rx, ry / 2))
        (cx, cy), r = self._place((x, y)), self._radius
        self._canvas.dome(cx, cy, rx * r, ry * r, self._lit(fill), self._stroke(edge))

    def polygon(self, points: Sequence[Point], fill: RGB, edge: RGB | None = None) -> None:
        """A filled polygon."""
        margin = 0.025 if edge else 0.0
        corners = [self._place(point, margin=(margin, margin)) for point in points]
        self._canvas.polygon(corners, self._lit(fill), self._stroke(edge))

    def block(self, x0: float, y0: float, x1: float, y1: float, fill: RGB, edge: RGB | None = None) -> None:
        """An upright rectangle."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill, edge)

    def line(self, points: Sequence[Point], fill: RGB, width: float = 0.06) -> None:
        """A line through the points."""
        placed = [self._place(point, margin=(width / 2, width / 2)) for point in points]
        self._canvas.line(placed, self._lit(fill), width * self._radius)

    def _stroke(self, edge: RGB | None) -> Stroke | None:
        return Stroke(self._lit(edge), self._edge_width) if edge else None

    def _lit(self, colour: RGB) -> RGB:
        return light_on_object(colour, self._time)

    def _place(self, point: Point, margin: Point = (0.0, 0.0)) -> Point:
        """The point in fractions of the picture; what lies within `margin` of it counts as touched."""
        x = self._centre[0] + self._direction * point[0] * self._radius
        y = self._centre[1] + point[1] * self._radius
        dx, dy = margin[0] * self._radius, margin[1] * self._radius
        self._touched += [(x - dx, y - dy), (x + dx, y + dy)]
        return x, y
