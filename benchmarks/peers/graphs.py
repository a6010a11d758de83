"""The fp32 graphs that peers run, of one CLIP ViT-B/32 with random weights, and rclip's files around them.

`make_graphs` needs torch; what only reads the graphs does not.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

SHAPE = "clip-b32"
TEXTUAL, PLAIN_VISUAL, TOKENIZER = "textual.onnx", "visual.onnx", "tokenizer.json"
CONTEXT, PLAIN_PICTURE_SIZE, RCLIP_PICTURE_SIZE = 77, 224, 256
RCLIP_MODEL, RCLIP_VOCABULARY = "rclip/ViT-B-32-256-datacomp_s34b_b86k", "rclip/tokenizer/bpe_simple_vocab_16e6.txt.gz"
RCLIP_MERGES = 49152 - 256 - 2  # what rclip reads of the file
OPSET = 18
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)  # as in CLIP's preprocessor_config.json
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def normalized_pixels(picture: "Image", size: int) -> NDArray[np.float32]:
    """Return (1, 3, size, size): the short side scaled to `size`, the middle cut out, normalized as CLIP's are."""
    from PIL import ImageOps

    square = np.asarray(ImageOps.fit(picture.convert("RGB"), (size, size)), np.float32) / np.float32(255)
    return ((square - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)


def make_graphs(folder: Path) -> None:
    """Save a checkpoint, export it as Lookwhy does, and as plain graphs. What is there is kept."""
    from benchmarks.encoders import export_shape

    if not (folder / SHAPE / "manifest.json").exists():
        export_shape("clip-b32", folder)
    if not (folder / TEXTUAL).exists():
        _export_plain(folder / "checkpoints" / SHAPE, folder)
        write_rclip_files(folder)


def _export_plain(checkpoint: Path, folder: Path) -> None:
    import torch
    from torch import Tensor, nn
    from transformers import CLIPModel

    model: Any = CLIPModel.from_pretrained(checkpoint, attn_implementation="eager").eval()

    class Text(nn.Module):
        def forward(self, token_ids: Tensor) -> Tensor:
            vectors: Tensor = model.get_text_features(token_ids)
            return vectors

    class Picture(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            seen = model.vision_model(pixels, interpolate_pos_encoding=pixels.shape[-1] != PLAIN_PICTURE_SIZE)
            vectors: Tensor = model.visual_projection(seen.pooler_output)
            return vectors

    (folder / RCLIP_MODEL).mkdir(parents=True, exist_ok=True)
    token_ids = torch.full((2, CONTEXT), model.config.text_config.eos_token_id)
    exports: list[tuple[nn.Module, Tensor, Path]] = [
        (Picture(), torch.randn(2, 3, PLAIN_PICTURE_SIZE, PLAIN_PICTURE_SIZE), folder / PLAIN_VISUAL),
        (Picture(), torch.randn(2, 3, RCLIP_PICTURE_SIZE, RCLIP_PICTURE_SIZE), folder / RCLIP_MODEL / "visual.onnx"),
        (Text(), token_ids, folder / TEXTUAL),
    ]
    with torch.inference_mode():
        for module, given, path in exports:
            module.model = model  # so that its weights are the module's
            names: dict[str, Any] = {"input_names": ["input"], "output_names": ["output"]}
            axes = {"input": {0: "batch"}, "output": {0: "batch"}}
            torch.onnx.export(module, (given,), str(path), **names, dynamic_axes=axes, opset_version=OPSET, dynamo=False)


def write_rclip_files(folder: Path) -> None:
    """Put rclip's text tower, and merges in the form of its vocabulary, where it looks for them."""
    (folder / RCLIP_VOCABULARY).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / TEXTUAL, folder / RCLIP_MODEL / TEXTUAL)
    shutil.copyfile(folder / "checkpoints" / SHAPE / TOKENIZER, folder / TOKENIZER)
    merges = json.loads((folder / TOKENIZER).read_text("utf-8"))["model"]["merges"]
    lines = [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]
    lines += [f"filler{number} end" for number in range(RCLIP_MERGES - len(lines))]
    with gzip.open(folder / RCLIP_VOCABULARY, "wt", encoding="utf-8") as written:
        written.write("\n".join(["#version: 0.2", *lines]))
