"""Writes SigLIP as two fp32 graphs: texts and images to unit vectors, and what each patch contributes to an image's vector.

SigLIP 2 of fixed resolution is the same model with another vocabulary. Owns the two towers as they are traced, and the
original model's outputs to compare with; the head that pools patches is in `attention_pooling.py`. Loads no checkpoint
(`checkpoints.py`) and compares nothing (`parity.py`).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import SiglipModel

from export.models.attention_pooling import AttentionPooling, parts_with_torch
from export.models.fast_gelu import use_fast_gelu
from export.models.onnx_graph import write_graph
from export.models.parity import Outputs
from export.models.pre_norm import transform
from export.models.tower_inputs import FixedLengthTextTowerOnnxConfig, ImageTowerOnnxConfig

TEXT, IMAGE = "siglip/text.onnx", "siglip/image.onnx"
LAST = slice(-1, None)


class SiglipTextTower(nn.Module):
    """`input_ids` (n, t) int64, t being the context length -> `embedding` (n, d) float32 of norm 1, read at the last token.

    Every token attends to every other, padding too, as in training: a text of another length would get another vector. So t
    is no dynamic axis, and onnxruntime refuses other lengths.
    """

    def __init__(self, model: SiglipModel) -> None:
        super().__init__()
        self.config, self.text_model = model.config.text_config, model.text_model
        use_fast_gelu(self.text_model)

    def forward(self, input_ids: Tensor) -> tuple[Tensor]:
        """Embed texts; of the last layer, only the last token is computed."""
        embeddings = self.text_model.embeddings
        hidden = embeddings.token_embedding(input_ids) + embeddings.position_embedding.weight  # (n, t, w)
        *layers, last = self.text_model.encoder.layers
        for layer in layers:
            hidden = transform(layer, hidden)
        pooled = self.text_model.final_layer_norm(transform(last, hidden, read=LAST))  # (n, 1, w)
        # Over (n, w), the head with its bias would become a Gemm node, and no layer for `precision/layers.py`.
        return (normalize(self.text_model.head(pooled), dim=-1)[:, 0],)


class SiglipImageTower(nn.Module):
    """`pixel_values` (n, 3, s, s) -> `embedding` (n, d) of norm 1 and `patch_contributions` (n, p, d), both float32.

    The dot product of a text's vector with a patch's contribution is the part of their cosine that came from that patch
    through the pooling head; the rest is the head's biases. `attention_pooling.py` has the decomposition, which is exact.
    """

    def __init__(self, model: SiglipModel) -> None:
        super().__init__()
        self.config, self.vision_model = model.config.vision_config, model.vision_model
        use_fast_gelu(self.vision_model)
        self.pooling = AttentionPooling(model.vision_model.head)

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """Embed images and their patches."""
        embeddings = self.vision_model.embeddings
        hidden = embeddings.patch_embedding(pixel_values).flatten(2).transpose(1, 2)  # (n, p, w)
        hidden = hidden + embeddings.position_embedding.weight
        for layer in self.vision_model.encoder.layers:
            hidden = transform(layer, hidden)
        pooled, parts = self.pooling(self.vision_model.post_layernorm(hidden))  # (n, 1, d), (n, p, d)
        return normalize(pooled, dim=-1)[:, 0], parts / pooled.norm(dim=-1, keepdim=True)


def write_siglip_graphs(model: SiglipModel, folder: Path) -> None:
    """Write `siglip/text.onnx` and `siglip/image.onnx` below `folder`, in fp32, from a `SiglipModel`."""
    text, image = SiglipTextTower(model), SiglipImageTower(model)
    write_graph(text, FixedLengthTextTowerOnnxConfig(text.config), folder / TEXT)
    write_graph(image, ImageTowerOnnxConfig(image.config), folder / IMAGE)


@torch.inference_mode()
def embed_with_torch(model: SiglipModel, texts: Sequence[NDArray[np.int64]], pixels: NDArray[np.float32]) -> Outputs:
    """Return the outputs of transformers' own code, in the form of `parity.run_clip_graphs`.

    Args:
        model: a `SiglipModel` with eager attention.
        texts: (1, t) int64 each, t being the context length.
        pixels: (n, 3, s, s) float32.
    """
    images = torch.from_numpy(pixels)
    embeddings = model.get_image_features(images)  # (n, d)
    parts = parts_with_torch(model.vision_model.head, model.vision_model(images).last_hidden_state)
    outputs = {
        f"{TEXT} embedding": normalize(
            torch.cat([model.get_text_features(torch.from_numpy(text)) for text in texts]), dim=-1
        ),
        f"{IMAGE} embedding": normalize(embeddings, dim=-1),
        f"{IMAGE} patch_contributions": parts / embeddings.norm(dim=-1)[:, None, None],
    }
    return {output: vectors.numpy() for output, vectors in outputs.items()}
