"""Augments training pictures and normalizes them: small shifts, brightness, blur. No flips and no changes of hue.

Used in training only. The product's preprocessing is in runtime/images.py.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from export.storybook.training_set import TrainingSet

# OpenAI's CLIP normalization (openai/CLIP, clip.py), which BLIP uses too.
_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
_MAX_SHIFT_PX = 5
_BLURRED_BATCHES = 0.15  # this fraction of batches
_BLUR_SIDES_PX = (80, 168)


@dataclass(frozen=True, slots=True)
class Batch:
    """Augmented pictures.

    Attributes:
        pixels: (n, 3, h, w) float32, normalized.
        boxes: (n, k, 6) float32 as in `TrainingSet.boxes`, moved with the pictures.
    """

    pixels: torch.Tensor
    boxes: NDArray[np.float32]


def standardize(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """(n, h, w, 3) uint8 -> (n, 3, h, w) float32 normalized."""
    return (_to_unit_range(pixels) - _MEAN) / _STD


def augmented_batch(training_set: TrainingSet, indices: NDArray[np.int64], rng: np.random.Generator) -> Batch:
    """Return the pictures at `indices`, each with a random shift, contrast and brightness."""
    shifts = rng.integers(-_MAX_SHIFT_PX, _MAX_SHIFT_PX + 1, (len(indices), 2))
    pixels = _to_unit_range(_shifted(training_set.pixels[indices], shifts))
    contrast, brightness = (
        torch.from_numpy(rng.uniform(low, high, (len(indices), 1, 1, 1)).astype(np.float32))
        for low, high in ((0.9, 1.1), (-0.06, 0.06))
    )
    pixels = (pixels * contrast + brightness).clamp_(0, 1)
    if rng.random() < _BLURRED_BATCHES:
        pixels = _blurred(pixels, int(rng.integers(*_BLUR_SIDES_PX)))
    boxes = training_set.boxes[indices].copy()
    boxes[..., 2:] += np.tile(shifts, 2)[:, None] / training_set.pixels.shape[1]
    return Batch((pixels - _MEAN) / _STD, boxes)


def _to_unit_range(pixels: NDArray[np.uint8]) -> torch.Tensor:
    channels_first = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    return torch.from_numpy(channels_first).float().div_(255)


def _shifted(pixels: NDArray[np.uint8], shifts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return each picture moved right and down by its (x, y) shift; its border is repeated into the gap."""
    side, reach = pixels.shape[1], _MAX_SHIFT_PX
    padded = np.pad(pixels, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    moved = np.empty_like(pixels)
    for index, (x, y) in enumerate(shifts):
        moved[index] = padded[index, reach - y : reach - y + side, reach - x : reach - x + side]
    return moved


def _blurred(pixels: torch.Tensor, side_px: int) -> torch.Tensor:
    """Return the pictures resized to `side_px` and back, like photos that were resized before they were given to us."""
    size = pixels.shape[-2:]
    there = interpolate(pixels, (side_px, side_px), mode="bilinear", antialias=True)
    return interpolate(there, tuple(size), mode="bilinear", antialias=True)
