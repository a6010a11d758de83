"""Blanking patches, and what the check says of a heatmap that tells the truth and of one that does not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.search.heatmap import RANDOM_DRAWS, Heatmap, blank_patches, check_by_occlusion

SIDE, GRID = 21, 7


def test_patches_are_counted_row_by_row_and_nothing_else_changes() -> None:
    pixels = np.ones((3, SIDE, SIDE), dtype=np.float32)
    blanked = blank_patches(pixels, np.array([1, 48]), GRID)
    assert not blanked[:, 0:3, 3:6].any()
    assert not blanked[:, 18:21, 18:21].any()
    assert blanked.sum() == pixels.sum() - 2 * 3 * 9
    assert pixels.all(), "the given pixels are left as they are"


def test_pixels_beyond_the_last_whole_patch_stay() -> None:
    blanked = blank_patches(np.ones((3, SIDE + 2, SIDE + 2), dtype=np.float32), np.arange(GRID * GRID), GRID)
    assert blanked[:, SIDE:].all()
    assert not blanked[:, :SIDE, :SIDE].any()


def brightness_at(row: int, column: int) -> "NDArray[np.float32]":
    weights = np.zeros((GRID, GRID), dtype=np.float32)
    weights[row, column] = 1.0
    return weights


def check(heat: "NDArray[np.float32]", seed: int = 1) -> tuple[float, float, bool]:
    """The score is the brightness of the patch in row 2, column 3."""
    pixels = np.ones((3, SIDE, SIDE), dtype=np.float32)
    occlusion = check_by_occlusion(
        Heatmap(heat, (0.0, 0.0, 1.0, 1.0)),
        pixels,
        score=1.0,
        score_of=lambda batch: batch[:, 0, 6:9, 9:12].mean(axis=(1, 2)),
        seed=seed,
    )
    assert (occlusion.patches, occlusion.draws) == (5, RANDOM_DRAWS)
    return occlusion.hottest_drop, occlusion.random_drop, occlusion.holds


def test_a_true_heatmap_holds() -> None:
    hottest, others, holds = check(brightness_at(2, 3))
    assert (hottest, others) == pytest.approx((1.0, 0.0))
    assert holds


def test_a_heatmap_that_points_elsewhere_does_not_hold() -> None:
    wrong = -brightness_at(2, 3)
    assert any(check(wrong, seed)[1] > 0 for seed in range(20)), "random patches meet the true one sooner or later"
    assert not any(check(wrong, seed)[2] for seed in range(20))


def test_the_same_question_gets_the_same_check() -> None:
    heat = np.random.default_rng(0).random((GRID, GRID), dtype=np.float32)
    assert check(heat, 5) == check(heat, 5)


def test_the_hottest_are_blanked_first_then_other_patches_as_many_and_each_once() -> None:
    heat = np.arange(GRID * GRID, dtype=np.float32).reshape(GRID, GRID)
    batches = []

    def keep(batch: "NDArray[np.float32]") -> "NDArray[np.float32]":
        batches.append(batch[:, 0, ::3, ::3].reshape(len(batch), -1) == 0)  # (n, 49) whether a patch is blanked
        return np.zeros(len(batch), np.float32)

    pixels = np.ones((3, SIDE, SIDE), dtype=np.float32)
    for seed in range(10):
        check_by_occlusion(Heatmap(heat, (0.0, 0.0, 1.0, 1.0)), pixels, score=1.0, score_of=keep, seed=seed)
    for blanked in batches:
        assert np.flatnonzero(blanked[0]).tolist() == [44, 45, 46, 47, 48]
        assert blanked[1:].sum(axis=1).tolist() == [5] * RANDOM_DRAWS
        assert not blanked[1:, 44:].any()
    assert len({blanked[1:].tobytes() for blanked in batches}) > 1, "each question draws for itself"


def test_of_few_patches_one_is_blanked() -> None:
    pixels, heat = np.ones((3, 4, 4), dtype=np.float32), np.eye(2, dtype=np.float32)
    occlusion = check_by_occlusion(
        Heatmap(heat, (0.0, 0.0, 1.0, 1.0)), pixels, score=1.0, score_of=lambda batch: batch.mean(axis=(1, 2, 3)), seed=1
    )
    assert (occlusion.patches, occlusion.hottest_drop, occlusion.random_drop) == (1, 0.25, 0.25)
    assert not occlusion.holds, "no more than random patches do"
