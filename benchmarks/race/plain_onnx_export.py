"""The fp32 graphs of `plain_onnx.py`: transformers' modules as they are, exported by torch's own exporter.

Uses nothing of `export/`. The decoder has no cache.
"""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BlipForConditionalGeneration, CLIPModel

from benchmarks.race.plain_onnx import DECODER, IMAGE, TEXT, TOKENIZERS, VISION

OPSET = 18


class TracedMethod(nn.Module):
    """One method of a transformers model as a module that can be traced."""

    def __init__(self, method: Callable[..., Tensor], model: nn.Module) -> None:
        super().__init__()
        self.method, self.model = method, model  # the model, so that its weights are this module's

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return what the method returns."""
        return self.method(*inputs)


def export_plain(clip: Path, blip: Path, out: Path) -> None:
    """Write the four graphs and both tokenizer files into `out`, which exists only once all are written."""
    staged = out.with_name(f".{out.name}.part")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns about checks inside transformers
        _export_clip(CLIPModel.from_pretrained(clip, attn_implementation="eager").eval(), staged)
        _export_blip(BlipForConditionalGeneration.from_pretrained(blip).eval(), staged)
    for folder, name in zip((clip, blip), TOKENIZERS.values(), strict=True):
        shutil.copyfile(folder / "tokenizer.json", staged / name)
    staged.rename(out)


def _export_clip(model: Any, folder: Path) -> None:  # noqa: ANN401 (transformers comes without types)
    token_ids = torch.full((2, 7), model.config.text_config.eos_token_id)
    _trace(TracedMethod(model.get_text_features, model), {"input_ids": token_ids}, folder / TEXT)
    _trace(TracedMethod(model.get_image_features, model), {"pixel_values": _pixels(model)}, folder / IMAGE)


def _export_blip(model: Any, folder: Path) -> None:  # noqa: ANN401 (as above)
    def encode_image(pixels: Tensor) -> Tensor:
        return model.vision_model(pixels).last_hidden_state  # (n, p, w)

    def decode(token_ids: Tensor, states: Tensor) -> Tensor:
        return model.text_decoder(token_ids, encoder_hidden_states=states, use_cache=False).logits[:, -1]  # (n, v)

    pixels = _pixels(model)
    token_ids = torch.full((2, 7), model.config.text_config.bos_token_id)
    _trace(TracedMethod(encode_image, model.vision_model), {"pixel_values": pixels}, folder / VISION)
    _trace(
        TracedMethod(decode, model.text_decoder),
        {"input_ids": token_ids, "image_states": encode_image(pixels)},
        folder / DECODER,
    )


def _pixels(model: Any) -> Tensor:  # noqa: ANN401 (as above)
    side = model.config.vision_config.image_size
    return torch.randn(2, 3, side, side)


def _trace(module: nn.Module, inputs: dict[str, Tensor], path: Path) -> None:
    """Write the graph of `module`; the batch and the length of `input_ids` are dynamic."""
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
