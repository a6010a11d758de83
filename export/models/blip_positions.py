"""BLIP taught to see pictures of another size, without training: its position embeddings, interpolated.

Owns what changes in the model. What a smaller size costs in captions and saves in time is in benchmarks/RESULTS.md.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from export.errors import CheckpointUnusable

if TYPE_CHECKING:
    from transformers import BlipForConditionalGeneration


def resize_positions(model: "BlipForConditionalGeneration", size_px: int, name: str) -> None:
    """Let the vision tower take (n, 3, size_px, size_px) pixels, in place.

    Bicubic, and the first position, the whole picture's, stays as it is: what transformers' `interpolate_pos_encoding` does
    (first done for DeiT, arXiv 2012.12877).

    Raises:
        CheckpointUnusable: `size_px` is no multiple of the model's patches; the error names the model.
    """
    vision, embeddings = model.config.vision_config, model.vision_model.embeddings
    if size_px % vision.patch_size or not size_px:
        remedy = f"Give a multiple of {vision.patch_size}, such as {vision.patch_size * 16}."
        raise CheckpointUnusable(name, f"it sees patches of {vision.patch_size} pixels, which do not fill {size_px}", remedy)
    if size_px == vision.image_size:
        return
    side = size_px // vision.patch_size
    embeddings.position_embedding = nn.Parameter(interpolate_positions(embeddings.position_embedding.detach(), side))
    embeddings.num_patches, embeddings.num_positions = side**2, side**2 + 1
    embeddings.image_size = vision.image_size = size_px


def interpolate_positions(positions: Tensor, side: int) -> Tensor:
    """Return (1, 1 + side^2, w) position embeddings out of (1, 1 + p, w), p being a square."""
    whole, patches = positions[:, :1], positions[:, 1:]
    old, width = round(patches.shape[1] ** 0.5), positions.shape[-1]
    grid = patches.reshape(1, old, old, width).permute(0, 3, 1, 2)  # (1, w, old, old)
    grid = nn.functional.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)
    return torch.cat([whole, grid.permute(0, 2, 3, 1).reshape(1, -1, width)], dim=1)
