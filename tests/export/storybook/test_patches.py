import numpy as np
import pytest

from export.storybook.augment import augmented_batch
from export.storybook.patches import patch_labels
from export.storybook.scenes import COLOURS, OBJECTS
from export.storybook.training_set import TrainingSet

pytestmark = pytest.mark.torch

CAR, RED = OBJECTS.index("car"), COLOURS.index("red")
TREE, GREEN = OBJECTS.index("tree"), COLOURS.index("green")
NOTHING = [-1.0] * 6


def test_the_object_in_front_labels_the_patches_both_cover() -> None:
    behind, front = [TREE, GREEN, 0, 0, 1, 1], [CAR, RED, 0, 0, 0.5, 0.5]
    objects, colours = patch_labels(np.array([[behind, front, NOTHING]], np.float32))
    assert objects.shape == colours.shape == (1, 49)
    assert (objects[0, 0], colours[0, 0]) == (CAR + 1, RED)
    assert (objects[0, 48], colours[0, 48]) == (TREE + 1, GREEN)


def test_a_picture_without_objects_is_background_everywhere() -> None:
    objects, colours = patch_labels(np.array([[NOTHING] * 3], np.float32))
    assert not objects.any()
    assert (colours == -100).all()


def test_even_the_smallest_box_labels_a_patch() -> None:
    objects, _ = patch_labels(np.array([[[CAR, RED, 0.499, 0.499, 0.501, 0.501]]], np.float32))
    assert (objects == CAR + 1).any()


def test_a_shifted_picture_takes_its_boxes_along() -> None:
    pixels = np.zeros((1, 112, 112, 3), np.uint8)
    pixels[0, 40:60, 50:80] = 255
    boxes = np.array([[[CAR, RED, 50 / 112, 40 / 112, 80 / 112, 60 / 112]]], np.float32)
    pool = TrainingSet(pixels, boxes, [])
    for seed in range(30):
        batch = augmented_batch(pool, np.array([0]), np.random.default_rng(seed))
        bright = batch.pixels[0, 0] > batch.pixels[0, 0].mean()
        ys, xs = (np.nonzero(bright.numpy())[axis] for axis in (0, 1))
        found = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) / 112
        assert np.allclose(batch.boxes[0, 0, 2:], found, atol=2.1 / 112)
        assert (batch.boxes[0, 0, :2] == (CAR, RED)).all()
