"""CLIP and BLIP checkpoints of real shapes with random weights, saved as ordinary checkpoint folders.

Owns the shapes. `outliers.py` adds the outliers that only trained weights have. Heavy imports: torch, transformers.
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
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
)

from benchmarks.models.checkpoints.gemma_tokenizer import save_gemma_tokenizer
from benchmarks.models.checkpoints.outliers import Edit
from benchmarks.models.checkpoints.tokenizers import save_bert_tokenizer, save_clip_tokenizer

ShapeName = Literal[
    "clip-b32", "clip-b16", "clip-40m-32", "clip-8m-16", "siglip2-b32", "siglip2-b16", "blip-base",
    "clip-small", "siglip2-small", "blip-small", "clip-tiny", "siglip2-tiny", "blip-tiny",
]  # fmt: skip
BILINEAR = 2  # Pillow's number, as in SigLIP 2's preprocessor_config.json


@dataclass(frozen=True, slots=True)
class TransformerShape:
    """The sizes of one transformer."""

    width: int
    layers: int
    heads: int
    spread: float = 0.02  # standard deviation of BLIP's initial weights; CLIP derives it from the width

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
class CheckpointShape:
    """The sizes of a checkpoint; `entries` is the size of the tokenizer's vocabulary without [DEC] and [ENC]."""

    text: TransformerShape
    vision: TransformerShape
    side_px: int
    patch_px: int
    context: int
    entries: int
    dimension: int = 512


SHAPES: dict[ShapeName, CheckpointShape] = {
    "clip-b32": CheckpointShape(
        TransformerShape(512, 12, 8), TransformerShape(768, 12, 12), 224, 32, 77, 49_408
    ),  # openai/clip-vit-base-patch32, laion/CLIP-ViT-B-32-laion2B-s34B-b79K
    "clip-b16": CheckpointShape(
        TransformerShape(512, 12, 8), TransformerShape(768, 12, 12), 224, 16, 77, 49_408
    ),  # openai/clip-vit-base-patch16
    "clip-40m-32": CheckpointShape(
        TransformerShape(512, 6, 8), TransformerShape(512, 12, 8), 224, 32, 77, 49_408
    ),  # wkcn/TinyCLIP-ViT-40M-32-Text-19M-LAION400M
    "clip-8m-16": CheckpointShape(
        TransformerShape(256, 3, 4), TransformerShape(256, 10, 4), 224, 16, 77, 49_408
    ),  # wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M
    "siglip2-b32": CheckpointShape(
        TransformerShape(768, 12, 12), TransformerShape(768, 12, 12), 256, 32, 64, 256_000
    ),  # google/siglip2-base-patch32-256
    "siglip2-b16": CheckpointShape(
        TransformerShape(768, 12, 12), TransformerShape(768, 12, 12), 224, 16, 64, 256_000
    ),  # google/siglip2-base-patch16-224
    "blip-base": CheckpointShape(
        TransformerShape(768, 12, 12), TransformerShape(768, 12, 12), 384, 16, 512, 30_522
    ),  # Salesforce's captioner
    "clip-small": CheckpointShape(TransformerShape(128, 4, 4), TransformerShape(128, 4, 4), 64, 8, 77, 600, 64),
    "blip-small": CheckpointShape(TransformerShape(128, 4, 4, 0.1), TransformerShape(128, 4, 4, 0.1), 64, 8, 64, 600),
    "siglip2-small": CheckpointShape(TransformerShape(128, 4, 4), TransformerShape(128, 4, 4), 64, 8, 64, 3_000),
    # to try a benchmark itself; outliers need the layers of the small ones
    "clip-tiny": CheckpointShape(TransformerShape(128, 2, 4), TransformerShape(128, 2, 4), 32, 8, 77, 600, 64),
    "blip-tiny": CheckpointShape(TransformerShape(128, 2, 4, 0.1), TransformerShape(128, 2, 4, 0.1), 32, 8, 64, 600),
    "siglip2-tiny": CheckpointShape(TransformerShape(128, 2, 4), TransformerShape(128, 2, 4), 32, 8, 16, 3_000),
}


def save_random_checkpoint(name: ShapeName, folder: Path, *edits: Edit, seed: int = 0) -> PreTrainedModel:
    """Save a checkpoint of random weights, edited in the order given, and return its model.

    Args:
        name: a key of `SHAPES`; it begins with the family: a `CLIPModel`, `SiglipModel`, `BlipForConditionalGeneration`.
        folder: where to save it; made if absent.
        edits: in-place changes to the model, as in `outliers.py`.
        seed: of the weights.
    """
    family, shape = name.partition("-")[0], SHAPES[name]
    model = {"clip": _save_clip_parts, "siglip2": _save_siglip_parts, "blip": _save_blip_parts}[family](shape, folder, seed)
    for edit in edits:
        edit(model)
    model.save_pretrained(folder)
    return model


def _save_clip_parts(shape: CheckpointShape, folder: Path, seed: int) -> PreTrainedModel:
    """Save all but the weights, and return the model."""
    side, tokenizer = shape.side_px, save_clip_tokenizer(folder, entries=shape.entries, context=shape.context)
    CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side}).save_pretrained(folder)
    text = shape.text.config() | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": shape.context,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = CLIPConfig(text_config=text, vision_config=_vision_config(shape), projection_dim=shape.dimension)
    torch.manual_seed(seed)
    return CLIPModel._from_config(config, attn_implementation="eager").eval()


def _save_siglip_parts(shape: CheckpointShape, folder: Path, seed: int) -> PreTrainedModel:
    """Save all but the weights, and return the model. Its biases and norms are random, too, and its scale is SigLIP 2's."""
    side = shape.side_px
    save_gemma_tokenizer(folder, entries=shape.entries, context=shape.context)
    SiglipImageProcessor(size={"height": side, "width": side}, resample=BILINEAR).save_pretrained(folder)
    text = shape.text.config() | {"vocab_size": shape.entries, "max_position_embeddings": shape.context}
    torch.manual_seed(seed)
    config = SiglipConfig(text_config=text, vision_config=_vision_config(shape))
    model = SiglipModel._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("bias") or "norm" in name:
                weight.add_(0.05 * torch.randn_like(weight))
        model.logit_scale.fill_(4.7)
        model.logit_bias.fill_(-15.9)
    return model


def _save_blip_parts(shape: CheckpointShape, folder: Path, seed: int) -> PreTrainedModel:
    """Save all but the weights, and return the model."""
    side, tokenizer = shape.side_px, save_bert_tokenizer(folder, entries=shape.entries, context=shape.context)
    BlipImageProcessor(size={"height": side, "width": side}).save_pretrained(folder)
    text = shape.text.config() | {
        "vocab_size": len(tokenizer),
        "encoder_hidden_size": shape.vision.width,
        "max_position_embeddings": shape.context,
        "bos_token_id": tokenizer.bos_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(seed)
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=_vision_config(shape))).eval()


def _vision_config(shape: CheckpointShape) -> dict[str, Any]:
    return shape.vision.config() | {"image_size": shape.side_px, "patch_size": shape.patch_px}
