"""CLIP from torch to two fp32 graphs: texts and images to unit vectors, and an image's patches to unit vectors beside them.

Owns the two towers as they are traced, their optimum configurations, and what the original model answers, to compare with.
Loads no checkpoint (`checkpoints.py`) and judges no difference (`parity.py`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from optimum.exporters.onnx.config import TextEncoderOnnxConfig, VisionOnnxConfig
from optimum.utils import NormalizedTextConfig, NormalizedVisionConfig
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import CLIPModel
from transformers.models.clip.modeling_clip import CLIPEncoderLayer

from export.attention import attend
from export.graphs import write_graph
from export.parity import Answers

TEXT, IMAGE = "clip/text.onnx", "clip/image.onnx"
LEGACY_END_TOKEN_ID = 2  # what configurations before transformers' pull request 24773 wrongly say


class TextTower(nn.Module):
    """`input_ids` (n, t) int64 -> `embedding` (n, d) float32 of norm 1, read at the first end token."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.config = model.config.text_config
        self.text_model, self.text_projection = model.text_model, model.text_projection

    def forward(self, input_ids: Tensor) -> tuple[Tensor]:
        """Embed texts; what stands after the end token is never seen, so any padding will do."""
        embeddings = self.text_model.embeddings
        positions = torch.arange(input_ids.shape[1])
        hidden = embeddings.token_embedding(input_ids) + embeddings.position_embedding(positions)  # (n, t, w)
        for layer in self.text_model.encoder.layers:
            hidden = _transform(layer, hidden, causal=True)
        ends = self._first_ends(input_ids)[:, None, None].expand(-1, 1, hidden.shape[-1])  # (n, 1, w)
        pooled = self.text_model.final_layer_norm(hidden.gather(1, ends)[:, 0])  # (n, w)
        return (normalize(self.text_projection(pooled), dim=-1),)

    def _first_ends(self, input_ids: Tensor) -> Tensor:
        """Return the (n,) positions read, as `CLIPTextTransformer` finds them: its argmax takes the first of equals."""
        token_ids = input_ids.to(torch.int32)  # onnxruntime has no ArgMax over int64
        if self.config.eos_token_id == LEGACY_END_TOKEN_ID:
            return token_ids.argmax(dim=-1)  # what the end token has is the highest id
        return token_ids.eq(self.config.eos_token_id).to(torch.int32).argmax(dim=-1)


class ImageTower(nn.Module):
    """`pixel_values` (n, 3, s, s) -> `embedding` (n, d) and `patch_embeddings` (n, p, d), float32 of norm 1.

    A patch's vector is what the last layer makes of its token without mixing it with others (value path, residual and MLP),
    through the final norm and projection: of five ways tried, the one that points best (.91 in the pointing game).
    """

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.config = model.config.vision_config
        self.vision_model, self.visual_projection = model.vision_model, model.visual_projection

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """Embed images and their patches; the last layer is computed only at the tokens that are read."""
        *layers, last = self.vision_model.encoder.layers
        hidden = self._embed_patches(pixel_values)  # (n, 1 + p, w)
        for layer in layers:
            hidden = _transform(layer, hidden)
        attention, seen = last.self_attn, last.layer_norm1(hidden)
        query, key, value = attention.q_proj(seen[:, :1]), attention.k_proj(seen), attention.v_proj(seen)
        mixed = attention.out_proj(attend(query, (key, value), heads=attention.num_heads))  # (n, 1, w)
        whole = _finish(last, hidden[:, :1], mixed)
        patches = _finish(last, hidden[:, 1:], attention.out_proj(value[:, 1:]))  # (n, p, w)
        return self._project(whole)[:, 0], self._project(patches)

    def _embed_patches(self, pixel_values: Tensor) -> Tensor:
        embeddings = self.vision_model.embeddings
        patches = embeddings.patch_embedding(pixel_values).flatten(2).transpose(1, 2)  # (n, p, w)
        whole = embeddings.class_embedding.expand(patches.shape[0], 1, -1)
        tokens = torch.cat([whole, patches], dim=1) + embeddings.position_embedding.weight
        return self.vision_model.pre_layrnorm(tokens)

    def _project(self, hidden: Tensor) -> Tensor:
        return normalize(self.visual_projection(self.vision_model.post_layernorm(hidden)), dim=-1)


class TextTowerOnnxConfig(TextEncoderOnnxConfig):
    """The text graph for optimum, whose own "with projection" asks for outputs that the model does not give."""

    NORMALIZED_CONFIG_CLASS = NormalizedTextConfig
    inputs: ClassVar = {"input_ids": {0: "texts", 1: "tokens"}}
    outputs: ClassVar = {"embedding": {0: "texts"}}


class ImageTowerOnnxConfig(VisionOnnxConfig):
    """The image graph for optimum."""

    NORMALIZED_CONFIG_CLASS = NormalizedVisionConfig
    inputs: ClassVar = {"pixel_values": {0: "images"}}
    outputs: ClassVar = {"embedding": {0: "images"}, "patch_embeddings": {0: "images"}}


def write_clip_graphs(model: CLIPModel, folder: Path) -> None:
    """Write `clip/text.onnx` and `clip/image.onnx` below `folder`, in fp32, from a `CLIPModel`."""
    text, image = TextTower(model), ImageTower(model)
    write_graph(text, TextTowerOnnxConfig(text.config), folder / TEXT)
    write_graph(image, ImageTowerOnnxConfig(image.config), folder / IMAGE)


@torch.inference_mode()
def embed_with_torch(model: CLIPModel, texts: Sequence[NDArray[np.int64]], pixels: NDArray[np.float32]) -> Answers:
    """Return what transformers' own code answers, in the form of `parity.ask_clip_graphs`.

    A patch's vector is asked of the unchanged last layer with a mask that lets every token see only itself, which is the
    same function as leaving out the mixing.

    Args:
        model: a `CLIPModel` with eager attention.
        texts: (1, t) int64 each, of any lengths.
        pixels: (n, 3, s, s) float32.
    """
    vision, images = model.vision_model, torch.from_numpy(pixels)
    before_last = vision(images, output_hidden_states=True).hidden_states[-2]
    tokens = before_last.shape[1]
    only_itself = torch.full((tokens, tokens), -torch.inf).fill_diagonal_(0.0)
    patches = vision.encoder.layers[-1](before_last, only_itself, None)[0][:, 1:]
    answers = {
        f"{TEXT} embedding": torch.cat([model.get_text_features(torch.from_numpy(text)) for text in texts]),
        f"{IMAGE} embedding": model.get_image_features(images),
        f"{IMAGE} patch_embeddings": model.visual_projection(vision.post_layernorm(patches)),
    }
    return {output: normalize(vectors, dim=-1).numpy() for output, vectors in answers.items()}


def _transform(layer: CLIPEncoderLayer, hidden: Tensor, *, causal: bool = False) -> Tensor:
    attention, seen = layer.self_attn, layer.layer_norm1(hidden)
    memory = attention.k_proj(seen), attention.v_proj(seen)
    mixed = attend(attention.q_proj(seen), memory, heads=attention.num_heads, causal=causal)
    return _finish(layer, hidden, attention.out_proj(mixed))


def _finish(layer: CLIPEncoderLayer, hidden: Tensor, mixed: Tensor) -> Tensor:
    hidden = hidden + mixed
    return hidden + layer.mlp(layer.layer_norm2(hidden))
