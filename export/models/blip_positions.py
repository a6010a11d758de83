"""Interpolates BLIP's position embeddings, so that it takes pictures of another size without training.

Owns the changes to the model. What a smaller size costs in captions and saves in time is in benchmarks/RESULTS.md.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from export.errors import CheckpointUnusable

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration


def resize_positions(model: "BlipForConditionalGeneration", size_px: int, name: str) -> None:
    """Make the vision tower take (n, 3, size_px, size_px) pixels, in place.

    The interpolation is bicubic, and the class token's position stays as it is, as in transformers'
    `interpolate_pos_encoding` (first done for DeiT, arXiv 2012.12877).

    Raises:
        CheckpointUnusable: `size_px` is no multiple of the patch size; the error names the model, `name`.
    """
    vision, embeddings = model.config.vision_config, model.vision_model.embeddings
    if size_px % vision.patch_size or not size_px:
        remedy = f"Give a multiple of {vision.patch_size}, such as {vision.patch_size * 16}."
        raise CheckpointUnusable(name, f"its patches of {vision.patch_size} pixels do not fill {size_px}", remedy)
    if size_px == vision.image_size:
        return
    side = size_px // vision.patch_size
    embeddings.position_embedding = nn.Parameter(interpolate_positions(embeddings.position_embedding.detach(), side))
    embeddings.num_patches, embeddings.num_positions = side**2, side**2 + 1
    embeddings.image_size = vision.image_size = size_px


def interpolate_positions(positions: Tensor, side: int) -> Tensor:
    """Return (1, 1 + side^2, w) position embeddings from (1, 1 + p, w), where p is a square number."""
    class_position, patches = positions[:, :1], positions[:, 1:]
    old, width = round(patches.shape[1] ** 0.5), positions.shape[-1]
    grid = patches.reshape(1, old, old, width).permute(0, 3, 1, 2)  # (1, w, old, old)
    grid = nn.functional.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)
    return torch.cat([class_position, grid.permute(0, 2, 3, 1).reshape(1, -1, width)], dim=1)
