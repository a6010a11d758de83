"""The fp32 graphs of the plain contender: transformers' modules as they are, through torch's own exporter.

What a competent user has without this project: nothing of `export/` is used. The decoder has no cache.
"""

import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BlipForConditionalGeneration, CLIPModel

from benchmarks.race.plain import DECODER, IMAGE, TEXT, TOKENIZERS, VISION

OPSET = 18


class ClipText(nn.Module):
    """Token ids, (n, t), to projected vectors."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 (transformers comes without types)
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return (n, d), of any length."""
        return self.model.get_text_features(input_ids)


class ClipImage(ClipText):
    """Pixels, (n, 3, s, s), to projected vectors."""

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return (n, d), of any length."""
        return self.model.get_image_features(pixel_values)


class BlipVision(ClipText):
    """Pixels, (n, 3, s, s), to patch states."""

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return (n, p, w)."""
        return self.model.vision_model(pixel_values).last_hidden_state


class BlipDecoder(ClipText):
    """All tokens so far, (n, t), and the picture's patch states, to the next token."""

    def forward(self, input_ids: Tensor, image_states: Tensor) -> Tensor:
        """Return the last position's logits, (n, v)."""
        return self.model.text_decoder(input_ids, encoder_hidden_states=image_states, use_cache=False).logits[:, -1]


def export_plain(clip: Path, blip: Path, out: Path) -> None:
    """Write the four graphs and both tokenizer files into `out`; it is there only once all are."""
    staged = out.with_name(f".{out.name}.part")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's, about transformers' own checks
        _export_clip(CLIPModel.from_pretrained(clip, attn_implementation="eager").eval(), staged)
        _export_blip(BlipForConditionalGeneration.from_pretrained(blip).eval(), staged)
    for folder, name in zip((clip, blip), TOKENIZERS.values(), strict=True):
        shutil.copyfile(folder / "tokenizer.json", staged / name)
    staged.rename(out)


def _export_clip(model: Any, folder: Path) -> None:  # noqa: ANN401
    token_ids = torch.full((2, 7), model.config.text_config.eos_token_id)
    _trace(ClipText(model), {"input_ids": token_ids}, folder / TEXT)
    _trace(ClipImage(model), {"pixel_values": _pixels(model)}, folder / IMAGE)


def _export_blip(model: Any, folder: Path) -> None:  # noqa: ANN401
    pixels = _pixels(model)
    _trace(BlipVision(model), {"pixel_values": pixels}, folder / VISION)
    tokens = torch.full((2, 7), model.config.text_config.bos_token_id)
    states = model.vision_model(pixels).last_hidden_state
    _trace(BlipDecoder(model), {"input_ids": tokens, "image_states": states}, folder / DECODER)


def _pixels(model: Any) -> Tensor:  # noqa: ANN401
    side = model.config.vision_config.image_size
    return torch.randn(2, 3, side, side)


def _trace(module: nn.Module, inputs: dict[str, Tensor], path: Path) -> None:
    """Write the graph of `module`; the batch and the length of `input_ids` stay open."""
    axes = {name: {0: "batch", 1: "tokens"} if name == "input_ids" else {0: "batch"} for name in inputs}
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=["output"],
        dynamic_axes={**axes, "output": {0: "batch"}},
        opset_version=OPSET,
        dynamo=False,
    )
