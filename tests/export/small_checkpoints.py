"""Small CLIP and BLIP checkpoints with random weights and their own tokenizers, saved as ordinary folders."""

import json
from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTokenizerFast,
)

from runtime.artefacts.manifest import ModelsManifest

Exported = dict[str, tuple[Path, ModelsManifest]]  # by precision: the folder of artefacts and its manifest

SIZE, PATCH = 32, 8
# What sets the published checkpoints apart, in small: arguments of `save_clip` and `save_blip`.
CLIP_KIN: dict[str, dict[str, Any]] = {
    "openai B/32": {"legacy_end": True},
    "openai B/16": {"legacy_end": True, "vision": {"patch_size": 4}},
    "openai L/14": {
        "legacy_end": True,
        "text": {"hidden_size": 48, "num_attention_heads": 3},
        "vision": {"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 4, "image_size": 42, "patch_size": 14},
        "projection_dim": 48,
    },
    "laion B/32": {"legacy_end": True, "activation": "gelu"},
    "saved since transformers 4.31": {},
}
BLIP_KIN: dict[str, dict[str, Any]] = {
    "base": {"vision": {"hidden_size": 32, "num_attention_heads": 2}},
    "large": {"vision": {"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 4}},
    "quick_gelu": {"activation": "quick_gelu"},
    "untied words": {"tied": False},
}
WORDS = ("a", "red", "boat", "at", "sunset", "two", "birds", "above", "the", "house", "in", "forest")


def save_clip(
    folder: Path,
    *,
    activation: str = "quick_gelu",
    legacy_end: bool = False,
    text: Mapping[str, int] | None = None,
    vision: Mapping[str, int] | None = None,
    projection_dim: int = 24,
) -> CLIPModel:
    """Save a CLIP whose text tower is 32 wide and whose vision tower is 48 wide, unless told otherwise."""
    tokenizer = _clip_tokenizer(folder)
    text_config = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 16,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": 2 if legacy_end else tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "hidden_act": activation,
        **(text or {}),
    }
    vision_config = {
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 3,
        "image_size": SIZE,
        "patch_size": PATCH,
        "hidden_act": activation,
        **(vision or {}),
    }
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text_config, vision_config=vision_config, projection_dim=projection_dim)
    model = CLIPModel._from_config(config, attn_implementation="eager").eval()
    model.save_pretrained(folder)
    size = vision_config["image_size"]
    CLIPImageProcessor(size={"shortest_edge": size}, crop_size={"height": size, "width": size}).save_pretrained(folder)
    return model


def save_blip(
    folder: Path, *, activation: str = "gelu", tied: bool = True, vision: Mapping[str, int] | None = None
) -> BlipForConditionalGeneration:
    """Save a BLIP whose decoder is 32 wide and whose vision tower is 48 wide, unless told otherwise.

    It says something else of every image.
    """
    tokenizer = _bert_tokenizer(folder)
    text_config = {
        "vocab_size": len(tokenizer) + 300,  # so that the word embedding outweighs the rest
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 40,
        "bos_token_id": tokenizer.bos_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "hidden_act": activation,
        "initializer_range": 0.3,
        "tie_word_embeddings": tied,
    }
    vision_config = {
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "image_size": SIZE,
        "patch_size": PATCH,
        "hidden_act": activation,
        "initializer_range": 0.3,
        **(vision or {}),
    }
    torch.manual_seed(0)
    config = BlipConfig(text_config=text_config, vision_config=vision_config, tie_word_embeddings=tied)
    model = BlipForConditionalGeneration(config)
    model.save_pretrained(folder)
    BlipImageProcessor(size={"height": SIZE, "width": SIZE}).save_pretrained(folder)
    return model.eval()


def save_bert(folder: Path) -> None:
    """Save a whole BERT: of another family, and nothing else wrong with it."""
    tokenizer = _bert_tokenizer(folder)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)


def _clip_tokenizer(folder: Path) -> CLIPTokenizerFast:
    folder.mkdir(parents=True, exist_ok=True)
    letters = [*ascii_lowercase, *(f"{letter}</w>" for letter in ascii_lowercase)]
    vocabulary = [*letters, "re", "red</w>", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\nr e\nre d</w>\n")
    tokenizer = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _bert_tokenizer(folder: Path) -> BertTokenizerFast:
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "[DEC]"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=40)
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    tokenizer.save_pretrained(folder)
    return tokenizer
