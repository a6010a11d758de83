"""Regions of a mask and the rectangles around them, on small arrays that can be drawn by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.text.detector import LINES_MAX, text_rectangles
from export.index.text.regions import Rectangle, convex_hull, find_regions, mean_within, smallest_rectangle, unclip_margin


def mask_of(drawing: str) -> NDArray[np.bool_]:
    return np.array([[letter == "#" for letter in line] for line in drawing.split()])


def strip(width: int, height: int, angle: float, size: int = 200) -> NDArray[np.float32]:
    """A map with a rectangle of 1 around its middle at an angle, else 0."""
    y, x = np.mgrid[:size, :size] - size / 2
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    inside: NDArray[np.float32] = ((abs(along) <= width / 2) & (abs(across) <= height / 2)).astype(np.float32)
    return inside


@pytest.mark.parametrize(
    ("drawing", "sizes"),
    [
        ("....", []),
        ("#", [1]),
        ("##.## ##.##", [2, 2]),
        ("#.# .#. #.#", [5]),  # they touch at corners
        ("#.#.# #.#.# #####", [7]),  # a comb, joined at its end
        ("##### #...# #.#.# #...# #####", [8, 1]),  # a ring, and what it encloses
        ("#.. ... ..#", [1, 1]),
        ("##.. ..##", [2]),
    ],
)
def test_what_touches_is_one_region(drawing: str, sizes: list[int]) -> None:
    regions = [len(points) // 2 for points in find_regions(mask_of(drawing))]  # two ends of each run
    assert sorted(regions) == sorted(sizes)


def test_regions_cover_the_mask_as_a_flood_fill_does() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random((20, 30)) < 0.4
        left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
        areas = []
        while left:
            waiting, area = [left.pop()], 1
            while waiting:
                y, x = waiting.pop()
                near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
                left -= near
                area += len(near)
                waiting += near
            areas.append(area)
        found = [int(np.sum(np.diff(points.reshape(2, -1, 2)[:, :, 0], axis=0) + 1)) for points in find_regions(mask)]
        assert sorted(found) == sorted(areas)


def test_the_hull_leaves_out_what_lies_within_and_on_its_sides() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)
    inner = np.array([[1, 1], [2, 0], [3, 2], [4, 1]], float)
    assert sorted(convex_hull(np.concatenate([inner, square])).tolist()) == sorted(square.tolist())


@pytest.mark.parametrize("degrees", [0, 1, 30, 45, 60, 89])
def test_the_smallest_rectangle_has_the_angle_of_what_it_is_around(degrees: int) -> None:
    drawn = Rectangle(40.0, -7.0, 30.0, 8.0, math.radians(degrees))
    inside = drawn.at(np.random.default_rng(1).random(50), np.random.default_rng(2).random(50))
    found = smallest_rectangle(np.concatenate([drawn.corners(), inside]))
    assert found.width * found.height == pytest.approx(240)
    assert sorted((found.width, found.height)) == pytest.approx([8, 30])
    assert (found.x, found.y) == pytest.approx((40, -7))
    assert found.corners()[:, 0].min() == pytest.approx(drawn.corners()[:, 0].min())


@pytest.mark.parametrize(
    "points", [[[3.0, 4.0]], [[3.0, 4.0], [3.0, 4.0]], [[0.0, 0.0], [3.0, 3.0]], [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]]
)
def test_points_without_an_area_have_a_rectangle_without_one(points: list[list[float]]) -> None:
    found = smallest_rectangle(np.array(points))
    assert found.width * found.height == pytest.approx(0)
    assert unclip_margin(found, 1.6) == pytest.approx(0)


def test_a_region_grows_by_its_area_over_its_perimeter() -> None:
    assert unclip_margin(Rectangle(0, 0, 30, 10, 0.3), 1.6) == pytest.approx(300 * 1.6 / 80)
    assert Rectangle(1, 2, 30, 10, 0.3).grown(2) == Rectangle(1, 2, 34, 14, 0.3)


def test_the_mean_within_a_rectangle_is_that_of_its_pixels() -> None:
    values = np.zeros((20, 20), np.float32)
    values[5:10, 4:16] = 1
    assert mean_within(values, Rectangle(9.5, 7.0, 10, 4, 0)) == 1
    assert mean_within(values, Rectangle(9.5, 9.5, 10, 10, 0)) == pytest.approx(0.5, abs=0.1)
    assert mean_within(values, Rectangle(0, 0, 6, 6, 1.0)) == 0  # also beyond the map's edge


@pytest.mark.parametrize("degrees", [0, 12, 45, 80, 90])
def test_a_line_of_text_is_found_grown_at_its_angle(degrees: int) -> None:
    [found] = text_rectangles(strip(100, 10, math.radians(degrees)))
    assert max(found.width, found.height) == pytest.approx(100 + 2 * 1000 * 1.6 / 220, abs=4)
    assert min(found.width, found.height) == pytest.approx(10 + 2 * 1000 * 1.6 / 220, abs=4)


def test_specks_faint_regions_and_more_lines_than_can_be_read_are_left_out() -> None:
    assert text_rectangles(strip(2, 2, 0)) == []
    assert text_rectangles(strip(100, 10, 0) * np.float32(0.4)) == []
    many = np.zeros((400, 400), np.float32)
    for number in range(20 * 20):
        row, column = divmod(number, 20)
        many[row * 20 : row * 20 + 8, column * 20 : column * 20 + 12] = 1
    assert len(text_rectangles(many)) > LINES_MAX
