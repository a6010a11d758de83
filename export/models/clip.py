"""Writes CLIP as two fp32 graphs: texts and images to unit vectors, and what each patch contributes to an image's vector.

Owns the two towers as they are traced, and the original model's outputs to compare with. Loads no checkpoint
(`checkpoints.py`) and compares nothing (`parity.py`).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import CLIPModel

from export.models.attention import attend, attend_by_token
from export.models.onnx_graph import write_graph
from export.models.parity import Outputs
from export.models.pre_norm import add_residuals, transform
from export.models.tower_inputs import ImageTowerOnnxConfig, TextTowerOnnxConfig

TEXT, IMAGE = "clip/text.onnx", "clip/image.onnx"
LEGACY_END_TOKEN_ID = 2  # the wrong id in configurations from before transformers' pull request 24773


class TextTower(nn.Module):
    """`input_ids` (n, t) int64 -> `embedding` (n, d) float32 of norm 1, read at the first end token."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.config = model.config.text_config
        self.text_model, self.text_projection = model.text_model, model.text_projection

    def forward(self, input_ids: Tensor) -> tuple[Tensor]:
        """Embed texts; attention is causal, so any padding may follow the end token."""
        embeddings = self.text_model.embeddings
        positions = torch.arange(input_ids.shape[1])
        hidden = embeddings.token_embedding(input_ids) + embeddings.position_embedding(positions)  # (n, t, w)
        for layer in self.text_model.encoder.layers:
            hidden = transform(layer, hidden, causal=True)
        ends = self._first_ends(input_ids)[:, None, None].expand(-1, 1, hidden.shape[-1])  # (n, 1, w)
        pooled = self.text_model.final_layer_norm(hidden.gather(1, ends)[:, 0])  # (n, w)
        return (normalize(self.text_projection(pooled), dim=-1),)

    def _first_ends(self, input_ids: Tensor) -> Tensor:
        """Return the (n,) positions read, as `CLIPTextTransformer` finds them: its argmax takes the first of equals."""
        token_ids = input_ids.to(torch.int32)  # onnxruntime has no ArgMax over int64
        if self.config.eos_token_id == LEGACY_END_TOKEN_ID:
            return token_ids.argmax(dim=-1)  # the end token has the highest id
        return token_ids.eq(self.config.eos_token_id).to(torch.int32).argmax(dim=-1)


class ImageTower(nn.Module):
    """`pixel_values` (n, 3, s, s) -> `embedding` (n, d) of norm 1 and `patch_contributions` (n, p, d), both float32.

    The dot product of a text's vector with a patch's contribution is the part of their cosine that the class token read
    from that patch in the last layer: the patch's value, weighted by its attention, through the output projection, the
    final norm (with the standard deviation of the complete class token) and the projection. The rest of the cosine came
    through the residual and the MLP (the decomposition of Gandelsman et al., arXiv 2310.05916, of the last layer). In the
    pointing game it hits .95, where the patch tokens' own vectors hit .83 (benchmarks/RESULTS.md).
    """

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.config = model.config.vision_config
        self.vision_model, self.visual_projection = model.vision_model, model.visual_projection

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """Embed images and their patches; the last layer is computed for the class token only."""
        *layers, last = self.vision_model.encoder.layers
        hidden = self._embed_patches(pixel_values)  # (n, 1 + p, w)
        for layer in layers:
            hidden = transform(layer, hidden)
        attention, normed = last.self_attn, last.layer_norm1(hidden)
        query, key, value = attention.q_proj(normed[:, :1]), attention.k_proj(normed), attention.v_proj(normed)
        attended = attention.out_proj(attend(query, (key, value), heads=attention.num_heads))  # (n, 1, w)
        class_token = add_residuals(last, hidden[:, :1], attended)
        projected = self.visual_projection(self.vision_model.post_layernorm(class_token))  # (n, 1, d)
        by_token = attention.out_proj(attend_by_token(query, (key, value), heads=attention.num_heads))
        read = (by_token - attention.out_proj.bias)[:, 1:]  # (n, p, w); the bias belongs to no token
        return normalize(projected, dim=-1)[:, 0], self._contribute(read, class_token) / projected.norm(dim=-1, keepdim=True)

    def _embed_patches(self, pixel_values: Tensor) -> Tensor:
        embeddings = self.vision_model.embeddings
        patches = embeddings.patch_embedding(pixel_values).flatten(2).transpose(1, 2)  # (n, p, w)
        class_token = embeddings.class_embedding.expand(patches.shape[0], 1, -1)
        tokens = torch.cat([class_token, patches], dim=1) + embeddings.position_embedding.weight
        return self.vision_model.pre_layrnorm(tokens)

    def _contribute(self, read: Tensor, class_token: Tensor) -> Tensor:
        """Return what parts (n, p, w) of the final class token (n, 1, w) add to its projection: (n, p, d)."""
        norm = self.vision_model.post_layernorm
        deviation = (class_token.var(dim=-1, correction=0, keepdim=True) + norm.eps).sqrt()  # (n, 1, 1)
        return self.visual_projection((read - read.mean(dim=-1, keepdim=True)) / deviation * norm.weight)


def write_clip_graphs(model: CLIPModel, folder: Path) -> None:
    """Write `clip/text.onnx` and `clip/image.onnx` below `folder`, in fp32, from a `CLIPModel`."""
    text, image = TextTower(model), ImageTower(model)
    write_graph(text, TextTowerOnnxConfig(text.config), folder / TEXT)
    write_graph(image, ImageTowerOnnxConfig(image.config), folder / IMAGE)


@torch.inference_mode()
def embed_with_torch(model: CLIPModel, texts: Sequence[NDArray[np.int64]], pixels: NDArray[np.float32]) -> Outputs:
    """Return the outputs of transformers' own code, in the form of `parity.run_clip_graphs`.

    Args:
        model: a `CLIPModel` with eager attention.
        texts: (1, t) int64 each, of any lengths.
        pixels: (n, 3, s, s) float32.
    """
    images = torch.from_numpy(pixels)
    outputs = {
        f"{TEXT} embedding": normalize(
            torch.cat([model.get_text_features(torch.from_numpy(text)) for text in texts]), dim=-1
        ),
        f"{IMAGE} embedding": normalize(model.get_image_features(images), dim=-1),
        f"{IMAGE} patch_contributions": _contributions_with_torch(model, images),
    }
    return {output: vectors.numpy() for output, vectors in outputs.items()}


def _contributions_with_torch(model: CLIPModel, images: Tensor) -> Tensor:
    """Return (n, p, d), computed head by head from the attentions and hidden states that transformers returns."""
    vision = model.vision_model
    states = vision(images, output_hidden_states=True, output_attentions=True)
    last, width = vision.encoder.layers[-1].self_attn, vision.config.hidden_size
    values = last.v_proj(vision.encoder.layers[-1].layer_norm1(states.hidden_states[-2]))  # (n, 1 + p, w)
    heads = zip(
        last.out_proj.weight.split(width // last.num_heads, dim=1), values.split(width // last.num_heads, dim=2), strict=True
    )
    read = sum(
        states.attentions[-1][:, head, 0, :, None] * (value @ output.T) for head, (output, value) in enumerate(heads)
    )  # (n, 1 + p, w)
    class_token, norm = states.last_hidden_state[:, :1], vision.post_layernorm
    deviation = (class_token.var(dim=-1, correction=0, keepdim=True) + norm.eps).sqrt()
    parts = model.visual_projection((read - read.mean(dim=-1, keepdim=True)) * norm.weight / deviation)
    return (parts / model.get_image_features(images).norm(dim=-1)[:, None, None])[:, 1:]
