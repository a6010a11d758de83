"""Small CLIP and BLIP checkpoints with random weights and their own tokenizers, saved as ordinary folders."""

import json
from pathlib import Path
from string import ascii_lowercase

import torch
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTokenizerFast,
)

from runtime.manifest import ModelsManifest

Exported = dict[str, tuple[Path, ModelsManifest]]  # by precision: the folder of artefacts and its manifest

SIZE, PATCH = 32, 8
WORDS = ("a", "red", "boat", "at", "sunset", "two", "birds", "above", "the", "house", "in", "forest")


def save_clip(folder: Path, *, activation: str = "quick_gelu", legacy_end: bool = False) -> CLIPModel:
    """Save a CLIP whose text tower is 32 wide and whose vision tower is 48 wide, both projected to 24."""
    tokenizer = _clip_tokenizer(folder)
    text = {
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
    }
    vision = {
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 3,
        "image_size": SIZE,
        "patch_size": PATCH,
        "hidden_act": activation,
    }
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
    model = CLIPModel._from_config(config, attn_implementation="eager").eval()
    model.save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}).save_pretrained(folder)
    return model


def save_blip(folder: Path, *, activation: str = "gelu", tied: bool = True) -> BlipForConditionalGeneration:
    """Save a BLIP whose decoder is 32 wide and whose vision tower is 48 wide; it says something else of every image."""
    tokenizer = _bert_tokenizer(folder)
    text = {
        "vocab_size": len(tokenizer) + 300,  # so that the word embedding outweighs the rest
        "hidden_size": 32,
        "encoder_hidden_size": 48,
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
    vision = {
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "image_size": SIZE,
        "patch_size": PATCH,
        "hidden_act": activation,
        "initializer_range": 0.3,
    }
    torch.manual_seed(0)
    model = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision, tie_word_embeddings=tied))
    model.save_pretrained(folder)
    BlipImageProcessor(size={"height": SIZE, "width": SIZE}).save_pretrained(folder)
    return model.eval()


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
