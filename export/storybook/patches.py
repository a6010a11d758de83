"""An auxiliary training task for both vision towers: predict the object under each patch, and its colour.

The boxes cost nothing, since the pictures are drawn. Predicting them from the patch tokens halved the number of pictures
that BLIP needs (in a first trial, loss .44 after 16,000 pictures instead of 31,000). The saved models do not contain this
task.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from export.storybook.models import PATCH_SIDE_PX, VISION_WIDTH
from export.storybook.scenes import COLOURS, OBJECTS
from export.storybook.training_set import INPUT_SIDE_PX

_GRID = INPUT_SIDE_PX // PATCH_SIDE_PX
_BACKGROUND_WEIGHT = 0.15
_IGNORED = -100
_LEAST_HALF_SIDE = 0.075
"""Half the side of the smallest square that holds a patch centre wherever it lies (a patch is 1/7 wide)."""


def patch_labels(boxes: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the object and the colour under the centre of each patch; where boxes overlap, of the one in front.

    Args:
        boxes: (n, k, 6) float32 as in `TrainingSet.boxes`, those behind first.

    Returns:
        Two (n, 49) int64: object index + 1, 0 for background; colour index, -100 for background.
    """
    centres = (np.arange(_GRID) + 0.5) / _GRID
    ys, xs = (axis.ravel()[None] for axis in np.meshgrid(centres, centres, indexing="ij"))
    objects = np.zeros((len(boxes), _GRID * _GRID), np.int64)
    colours = np.full_like(objects, _IGNORED)
    for box in boxes.transpose(1, 2, 0)[..., None]:
        name, colour, x0, y0, x1, y1 = box
        inside = _within(xs, x0, x1) & _within(ys, y0, y1) & (name >= 0)
        objects = np.where(inside, name.astype(np.int64) + 1, objects)
        colours = np.where(inside, colour.astype(np.int64), colours)
    return objects, colours


def _within(points: NDArray[np.float64], low: NDArray[np.float32], high: NDArray[np.float32]) -> NDArray[np.bool_]:
    half = np.maximum((high - low) / 2, _LEAST_HALF_SIDE)
    return np.asarray(np.abs(points - (low + high) / 2) < half)


class PatchTask(nn.Module):
    """Two linear classifiers on every patch token, and their loss."""

    def __init__(self) -> None:
        super().__init__()
        self.objects = nn.Linear(VISION_WIDTH, len(OBJECTS) + 1)
        self.colours = nn.Linear(VISION_WIDTH, len(COLOURS))
        weights = torch.ones(len(OBJECTS) + 1)
        weights[0] = _BACKGROUND_WEIGHT
        self._weights = weights  # not a buffer: a constant, which no checkpoint needs

    def forward(self, patches: torch.Tensor, boxes: NDArray[np.float32]) -> torch.Tensor:
        """Cross-entropy of objects plus that of colours.

        Args:
            patches: (n, 49, w) patch tokens after the tower's last norm.
            boxes: (n, k, 6) float32 as in `TrainingSet.boxes`.
        """
        objects, colours = (torch.from_numpy(labels).flatten() for labels in patch_labels(boxes))
        tokens = patches.flatten(0, 1)  # (n, 49, w) -> (n * 49, w)
        of_objects = cross_entropy(self.objects(tokens).float(), objects, weight=self._weights)
        return of_objects + cross_entropy(self.colours(tokens).float(), colours, ignore_index=_IGNORED)
