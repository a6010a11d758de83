import random
from itertools import islice

import numpy as np
import pytest

from export.storybook import drawing
from export.storybook.canvas import Canvas, Pen
from export.storybook.drawing import draw_scene, encode_jpeg, paint_scene
from export.storybook.figures import FIGURES
from export.storybook.palette import PAINTS
from export.storybook.scenes import OBJECTS, Group, HeldOut, Scene, sample_scenes

SCENES = list(islice(sample_scenes(random.Random(21), HeldOut.ANY), 60))


def test_the_same_scene_and_seed_give_the_same_bytes() -> None:
    first, second = (encode_jpeg(draw_scene(SCENES[0], random.Random(1), 128).image) for _ in range(2))
    assert first == second
    assert first != encode_jpeg(draw_scene(SCENES[0], random.Random(2), 128).image)


def test_every_object_of_the_scene_gets_its_box_inside_the_picture() -> None:
    for scene in SCENES:
        boxes = paint_scene(scene, random.Random(3), 64).boxes
        expected = [(group.object, group.colour) for group in scene.groups for _ in range(group.count)]
        assert sorted((box.object, box.colour) for box in boxes) == sorted(expected)
        for box in boxes:
            assert 0 <= box.x0 < box.x1 <= 1
            assert 0 <= box.y0 < box.y1 <= 1


def test_the_composition_is_the_same_at_every_size() -> None:
    for scene in SCENES[:10]:
        small, large = (paint_scene(scene, random.Random(4), side) for side in (64, 200))
        assert small.boxes == large.boxes


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_figure_draws_inside_its_extent_and_fills_it(name: str, mirrored: bool) -> None:
    canvas = Canvas(400)
    pen = Pen(canvas, PAINTS["yellow"], "day", centre=(0.5, 0.5), radius=0.3, mirrored=mirrored)
    FIGURES[name](pen)
    ys, xs = np.nonzero(np.asarray(canvas.image).any(axis=-1))
    drawn = (xs.min() / 400, ys.min() / 400, (xs.max() + 1) / 400, (ys.max() + 1) / 400)
    # A pixel of rounding on every side, and round line ends that reach less far than their width allows.
    assert np.allclose(pen.extent(), drawn, atol=0.02)


def test_the_boxes_hold_all_pixels_the_figures_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    dry = [scene for scene in SCENES if scene.time != "rain"]
    painted = [paint_scene(scene, random.Random(5), 224) for scene in dry]
    monkeypatch.setattr(drawing, "FIGURES", dict.fromkeys(OBJECTS, _speck))
    bare = [paint_scene(scene, random.Random(5), 224) for scene in dry]
    for picture, empty in zip(painted, bare, strict=True):
        changed = (np.asarray(picture.image) != np.asarray(empty.image)).any(axis=-1)
        boxed = np.zeros_like(changed)
        for box in picture.boxes:
            left, top = int(box.x0 * 224) - 1, int(box.y0 * 224) - 1
            right, bottom = int(np.ceil(box.x1 * 224)) + 1, int(np.ceil(box.y1 * 224)) + 1
            boxed[max(0, top) : bottom, max(0, left) : right] = True
        assert changed[boxed].mean() > 0.2
        assert not changed[~boxed].any()


def test_a_red_boat_is_mostly_red_where_its_box_says() -> None:
    scene = Scene((Group(1, "red", "boat"),), "", "sea", "day")
    picture = draw_scene(scene, random.Random(6), 200)
    (box,) = picture.boxes
    left, top, right, bottom = (round(value * 200) for value in (box.x0, box.y0, box.x1, box.y1))
    pixels = np.asarray(picture.image.crop((left, top, right, bottom))).astype(int)
    red = (pixels[..., 0] > pixels[..., 2] + 60) & (pixels[..., 0] > 120)
    assert red.mean() > 0.4


def _speck(pen: Pen) -> None:
    """A figure that leaves no mark worth seeing, to tell what the others painted."""
    pen._touched.append((0.0, 0.0))
