"""Which parts of a picture make it match, and whether the score falls when those parts are blanked.

Arithmetic over the image tower's outputs; the tower itself comes in as an argument.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Vectors = NDArray[np.float32]

BLANKED_SHARE = 0.1  # of the patches: 5 of 7 x 7
RANDOM_DRAWS = 4


@dataclass(frozen=True)
class Heatmap:
    """What each patch contributes to the cosine of text and picture.

    `contributions` is (g, g) float32, rows from the top; their sum is the part of the cosine that comes from patches
    directly. `box` is the part of the upright picture that the grid covers, (x0, y0, x1, y1) as fractions.
    """

    contributions: NDArray[np.float32]
    box: tuple[float, float, float, float]

    @property
    def grid(self) -> int:
        """How many patches a row has, and a column."""
        return len(self.contributions)


@dataclass(frozen=True)
class Occlusion:
    """What the score loses when the hottest patches are blanked, against as many random ones, the mean of some draws."""

    patches: int
    draws: int
    hottest_drop: float
    random_drop: float

    @property
    def holds(self) -> bool:
        """Whether the check confirms the heatmap: its hottest patches matter more than random ones."""
        return self.hottest_drop > self.random_drop


def check_by_occlusion(
    heatmap: Heatmap, pixels: Pixels, *, score: float, score_of: Callable[[Pixels], NDArray[np.floating]], seed: int
) -> Occlusion:
    """Blank the hottest patches and, `RANDOM_DRAWS` times, as many of the others; compare what the score loses.

    Args:
        heatmap: the picture's, against the text that `score_of` knows.
        pixels: (3, s, s) float32, prepared for the image tower.
        score: the picture's own cosine with the text.
        score_of: (n, 3, s, s) -> (n,) cosines with the text.
        seed: of the draws, so that the same question gets the same answer.
    """
    hotness = heatmap.contributions.ravel()
    count = max(1, round(BLANKED_SHARE * hotness.size))
    order = np.argsort(-hotness, kind="stable")
    rng = np.random.default_rng(seed)
    chosen = [order[:count], *(rng.choice(order[count:], count, replace=False) for _ in range(RANDOM_DRAWS))]
    grid = heatmap.grid
    hottest, *randoms = score_of(np.stack([blank_patches(pixels, patches, grid) for patches in chosen]))
    return Occlusion(count, RANDOM_DRAWS, float(score - hottest), float(score - np.mean(randoms)))


def blank_patches(pixels: Pixels, patches: NDArray[np.integer], grid: int) -> Pixels:
    """Return (3, s, s) pixels with some patches of a grid, counted row by row, in the mean colour: 0 once normalized."""
    side = pixels.shape[-1] // grid
    mask = np.zeros(grid * grid, dtype=bool)
    mask[patches] = True
    covered = np.kron(mask.reshape(grid, grid), np.ones((side, side), dtype=bool))  # (g * side, g * side)
    blanked = pixels.copy()
    blanked[:, : covered.shape[0], : covered.shape[1]][:, covered] = 0.0
    return blanked
