"""Small SigLIP and SigLIP 2 checkpoints with random weights, saved as ordinary folders with tokenizers of their forms."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

from tests.export.small_checkpoints import PATCH, SIZE

CONTEXT = 16
TOWER = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 3}
BILINEAR, BICUBIC = 2, 3
# What sets the published checkpoints apart, in small: arguments of `save_siglip`.
SIGLIP_KIN: dict[str, dict[str, Any]] = {
    "SigLIP": {},
    "SigLIP 2": {"second": True},
    "pixels left over at the edge, as so400m": {"second": True, "vision": {"image_size": 44, "patch_size": 14}},
    "erf-gelu": {"activation": "gelu"},
}
CORPUS = (
    "a red boat at sunset",
    "two birds above the house in the forest",
    "ein rotes boot am see",
    "un bateau rouge au coucher du soleil",
    "夕暮れの赤い船",
    "красная лодка на закате",
    "ένα κόκκινο καράβι",
)


def save_siglip(
    folder: Path, *, second: bool = False, activation: str = "gelu_pytorch_tanh", vision: Mapping[str, int] | None = None
) -> SiglipModel:
    """Save a SigLIP, or a SigLIP 2 of fixed resolution, whose biases and norms are random, too."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = save_gemma_form(folder) if second else save_unigram_form(folder)
    text_config = TOWER | {
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": CONTEXT,
        "hidden_act": activation,
    }
    vision_config = TOWER | {"image_size": SIZE, "patch_size": PATCH, "hidden_act": activation, **(vision or {})}
    torch.manual_seed(0)
    config = SiglipConfig(text_config=text_config, vision_config=vision_config)
    model = SiglipModel._from_config(config, attn_implementation="eager").eval()
    randomize_biases(model)
    model.save_pretrained(folder)
    side, resample = vision_config["image_size"], BILINEAR if second else BICUBIC
    SiglipImageProcessor(size={"height": side, "width": side}, resample=resample).save_pretrained(folder)
    return model


@torch.no_grad()
def randomize_biases(model: SiglipModel) -> None:
    """Move biases and norms away from 0 and 1, where an error in them would not be seen."""
    for name, weight in model.named_parameters():
        if name.endswith("bias") or "norm" in name:
            weight.add_(0.3 * torch.randn_like(weight))
    model.logit_scale.data = torch.tensor([4.7])  # of its logarithm: 110, about that of the published ones
    model.logit_bias.data = torch.tensor([-12.7])


def save_unigram_form(folder: Path) -> Tokenizer:
    """Save a tokenizer of SigLIP's form: sentencepiece's unigram, <pad> 0, </s> 1, which also pads, <unk> 2."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    special = {"pad_token": "</s>", "eos_token": "</s>", "unk_token": "<unk>"}
    _save(tokenizer, folder, {"tokenizer_class": "SiglipTokenizer", **special})
    return tokenizer


def save_gemma_form(folder: Path) -> Tokenizer:
    """Save a tokenizer of SigLIP 2's form: Gemma's byte-pair encoding with byte fallback, which keeps capitals."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    alphabet = sorted({*"".join(CORPUS).upper(), *"".join(CORPUS)} - {" "})
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    form = json.loads(tokenizer.to_str())
    vocabulary = form["model"]["vocab"]
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    tokenizer = Tokenizer.from_str(json.dumps(form))
    named = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}
    config = {"tokenizer_class": "GemmaTokenizer", "add_bos_token": False, "add_eos_token": True, "padding_side": "left"}
    _save(tokenizer, folder, config | named)
    return tokenizer


def _save(tokenizer: Tokenizer, folder: Path, config: Mapping[str, object]) -> None:
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": CONTEXT, **config}))
