"""CLIP and BLIP checkpoints with random weights, saved as ordinary folders: real shapes without real weights.

Owns the shapes. What real weights have and random ones lack, `outliers.py` adds. Heavy imports: torch, transformers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    PreTrainedModel,
)

from benchmarks.checkpoints.outliers import Edit
from benchmarks.checkpoints.tokenizers import save_bert_tokenizer, save_clip_tokenizer

Shape = Literal["clip-b32", "blip-base", "clip-small", "blip-small"]


@dataclass(frozen=True, slots=True)
class Tower:
    """The measures of one transformer."""

    width: int
    layers: int
    heads: int
    spread: float = 0.02  # standard deviation of BLIP's first weights; CLIP derives its own from the width

    def config(self) -> dict[str, Any]:
        """Return the entries of a transformers configuration."""
        return {
            "hidden_size": self.width,
            "intermediate_size": 4 * self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "initializer_range": self.spread,
        }


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of a checkpoint; `entries` counts the tokenizer's vocabulary without [DEC] and [ENC]."""

    text: Tower
    vision: Tower
    side_px: int
    patch_px: int
    context: int
    entries: int
    dimension: int = 512


SHAPES: dict[Shape, Measures] = {
    "clip-b32": Measures(Tower(512, 12, 8), Tower(768, 12, 12), 224, 32, 77, 49_408),  # openai/clip-vit-base-patch32
    "blip-base": Measures(Tower(768, 12, 12), Tower(768, 12, 12), 384, 16, 512, 30_522),  # Salesforce's captioner
    "clip-small": Measures(Tower(128, 4, 4), Tower(128, 4, 4), 64, 8, 77, 600, 64),
    "blip-small": Measures(Tower(128, 4, 4, 0.1), Tower(128, 4, 4, 0.1), 64, 8, 64, 600),
}


def save_stand_in(shape: Shape, folder: Path, *edits: Edit, seed: int = 0) -> PreTrainedModel:
    """Save a checkpoint of random weights, edited in the order given, and return its model.

    Args:
        shape: a key of `SHAPES`; what starts with "clip" is a `CLIPModel`, the rest a `BlipForConditionalGeneration`.
        folder: where to; made if need be.
        edits: in-place changes to the model, as in `outliers.py`.
        seed: of the weights.
    """
    family, measures = shape.partition("-")[0], SHAPES[shape]
    model = {"clip": _save_clip_around, "blip": _save_blip_around}[family](measures, folder, seed)
    for edit in edits:
        edit(model)
    model.save_pretrained(folder)
    return model


def _save_clip_around(measures: Measures, folder: Path, seed: int) -> PreTrainedModel:
    """Save all but the weights, and return the model."""
    side, tokenizer = measures.side_px, save_clip_tokenizer(folder, entries=measures.entries, context=measures.context)
    CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side}).save_pretrained(folder)
    text = measures.text.config() | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": measures.context,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = CLIPConfig(text_config=text, vision_config=_vision_config(measures), projection_dim=measures.dimension)
    torch.manual_seed(seed)
    return CLIPModel._from_config(config, attn_implementation="eager").eval()


def _save_blip_around(measures: Measures, folder: Path, seed: int) -> PreTrainedModel:
    """Save all but the weights, and return the model."""
    side, tokenizer = measures.side_px, save_bert_tokenizer(folder, entries=measures.entries, context=measures.context)
    BlipImageProcessor(size={"height": side, "width": side}).save_pretrained(folder)
    text = measures.text.config() | {
        "vocab_size": len(tokenizer),
        "encoder_hidden_size": measures.vision.width,
        "max_position_embeddings": measures.context,
        "bos_token_id": tokenizer.bos_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(seed)
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=_vision_config(measures))).eval()


def _vision_config(measures: Measures) -> dict[str, Any]:
    return measures.vision.config() | {"image_size": measures.side_px, "patch_size": measures.patch_px}
