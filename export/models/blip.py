"""BLIP's captioner from torch to two fp32 graphs, through the optimum configurations that optimum lacks (its issue 1818).

What the decoder reads of an image, every layer's cross-attention keys and values, depends on the image alone: the vision
graph gives it once, laid out as the decoder uses it. The decoder graph takes a key-value cache of any length, none included,
so that one graph serves the first token and every later one. Loads no checkpoint and judges no difference.
"""

from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from optimum.exporters.onnx.config import TextEncoderOnnxConfig, VisionOnnxConfig
from optimum.utils import NormalizedTextConfig, NormalizedVisionConfig
from torch import Tensor, nn
from transformers import BlipForConditionalGeneration, BlipVisionConfig, GenerationConfig
from transformers.models.blip.modeling_blip import BlipEncoderLayer
from transformers.models.blip.modeling_blip_text import BlipTextEmbeddings, BlipTextLMPredictionHead

from export.models.attention import KeyValue, attend, attend_cached
from export.models.onnx_graph import TRACED_SHAPES, write_graph
from runtime.models.decoding import EarlyStopping

VISION, DECODER = "blip/vision.onnx", "blip/decoder.onnx"
TRACED_PAST, TRACED_IMAGE_TOKENS = 4, 5


class VisionTower(nn.Module):
    """`pixel_values` (n, 3, s, s) -> `cross_key_i`, `cross_value_i` (n, heads, tokens, head width) of each decoder layer."""

    def __init__(self, model: BlipForConditionalGeneration) -> None:
        super().__init__()
        self.config = model.config.vision_config
        self.vision_model, self.text_decoder = model.vision_model, model.text_decoder

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        """Encode images, and say it in the words of each decoder layer."""
        hidden = self._embed_patches(pixel_values)  # (n, 1 + p, w)
        for layer in self.vision_model.encoder.layers:
            hidden = _transform(layer, hidden)
        hidden = self.vision_model.post_layernorm(hidden)
        readers = [layer.crossattention.self for layer in self.text_decoder.bert.encoder.layer]
        return tuple(
            _split(project(hidden), reader.num_attention_heads)
            for reader in readers
            for project in (reader.key, reader.value)
        )

    def _embed_patches(self, pixel_values: Tensor) -> Tensor:
        embeddings = self.vision_model.embeddings
        patches = embeddings.patch_embedding(pixel_values).flatten(2).transpose(1, 2)  # (n, p, w)
        whole = embeddings.class_embedding.expand(patches.shape[0], 1, -1)
        return torch.cat([whole, patches], dim=1) + embeddings.position_embedding


class Decoder(nn.Module):
    """`input_ids` (b, t), caches of p tokens, the images -> `logits` (b, vocabulary) of the last token, longer caches.

    Rows that caption one image, the beams of a search, lie side by side and share its keys and values, so that three beams
    read the image as often as one does: b is a multiple of the number of images.

    The word embedding is read as the output layer uses it, (w, vocabulary), and looked up by column: where the two are
    tied, as BLIP's are, the graph then holds one tensor with two readers.
    """

    def __init__(self, model: BlipForConditionalGeneration) -> None:
        super().__init__()
        self.config, self.text_decoder = model.config.text_config, model.text_decoder
        words, outputs = self._embeddings.word_embeddings.weight, self._predictions.decoder.weight
        self._tied = words is outputs or torch.equal(words, outputs)

    def forward(self, input_ids: Tensor, past: list[KeyValue], cross: list[KeyValue]) -> tuple[Tensor, ...]:
        """Decode t tokens after p; `past` and `cross` hold each layer's keys and values, split into heads."""
        heads, width = self.config.num_attention_heads, self.config.hidden_size
        words = self._embeddings.word_embeddings.weight.t()  # (w, vocabulary)
        outputs = words if self._tied else self._predictions.decoder.weight.t()
        hidden, present = self._embed(input_ids, words, past_tokens=past[0][0].shape[2]), []
        for layer, layer_past, image in zip(self.text_decoder.bert.encoder.layer, past, cross, strict=True):
            own, other = layer.attention.self, layer.crossattention.self
            fresh = own.key(hidden), own.value(hidden)
            mixed, *caches = attend_cached(own.query(hidden), fresh, past=layer_past, heads=heads)
            hidden = layer.attention.output(mixed, hidden)
            # All that is asked of one image is asked at once, as it looks the same to every token of every beam.
            folded = other.query(hidden).view(image[0].shape[0], -1, width)
            mixed = attend(folded, image, heads=heads).view(*input_ids.shape, width)  # (b, t, w)
            hidden = layer.crossattention.output(mixed, hidden)
            hidden = layer.output(layer.intermediate(hidden), hidden)
            present += caches
        last = self._predictions.transform(hidden[:, -1:])  # (b, 1, w)
        return (last @ outputs + self._predictions.decoder.bias)[:, 0], *present

    def _embed(self, input_ids: Tensor, words: Tensor, *, past_tokens: int) -> Tensor:
        columns = words.index_select(1, input_ids.flatten())  # (w, b * t)
        tokens = columns.t().view(*input_ids.shape, -1)  # (b, t, w)
        positions = torch.arange(past_tokens, past_tokens + input_ids.shape[1])
        return self._embeddings.LayerNorm(tokens + self._embeddings.position_embeddings(positions))

    @property
    def _embeddings(self) -> BlipTextEmbeddings:
        return self.text_decoder.bert.embeddings

    @property
    def _predictions(self) -> BlipTextLMPredictionHead:
        return self.text_decoder.cls.predictions


class VisionTowerOnnxConfig(VisionOnnxConfig):
    """The vision graph for optimum; `layers` counts the decoder's."""

    NORMALIZED_CONFIG_CLASS = NormalizedVisionConfig
    inputs: ClassVar = {"pixel_values": {0: "images"}}

    def __init__(self, config: BlipVisionConfig, layers: int) -> None:
        super().__init__(config)
        self.layers = layers

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        """Name each layer's keys and values."""
        return _name_caches("cross", self.layers, {0: "images"})


class DecoderOnnxConfig(TextEncoderOnnxConfig):
    """The decoder graph for optimum, whose caches with a past need a second graph or a branch for the first token."""

    NORMALIZED_CONFIG_CLASS = NormalizedTextConfig

    @property
    def inputs(self) -> dict[str, dict[int, str]]:
        """Name the tokens, then the caches, then the image, layer by layer."""
        layers = self._config.num_hidden_layers
        past = _name_caches("past", layers, {0: "captions", 2: "past_tokens"})
        cross = _name_caches("cross", layers, {0: "images", 2: "image_tokens"})
        return {"input_ids": {0: "captions", 1: "tokens"}, **past, **cross}

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        """Name the logits, then the longer caches."""
        present = _name_caches("present", self._config.num_hidden_layers, {0: "captions", 2: "all_tokens"})
        return {"logits": {0: "captions"}, **present}

    def ordered_inputs(self, _: nn.Module) -> dict[str, dict[int, str]]:
        """Keep the order: the base class would look for every cache among the arguments of `forward`."""
        return self.inputs

    def generate_dummy_inputs(self, framework: str = "pt", **_: object) -> dict[str, Any]:
        """Make up tokens and caches to trace with."""
        batch, tokens = TRACED_SHAPES["batch_size"], TRACED_SHAPES["sequence_length"]
        past = [self._make_cache(batch, TRACED_PAST) for _ in range(self._config.num_hidden_layers)]
        cross = [self._make_cache(1, TRACED_IMAGE_TOKENS) for _ in range(self._config.num_hidden_layers)]
        return {"input_ids": torch.zeros(batch, tokens, dtype=torch.int64), "past": past, "cross": cross}

    def _make_cache(self, batch: int, tokens: int) -> KeyValue:
        heads = self._config.num_attention_heads
        shape = (batch, heads, tokens, self._config.hidden_size // heads)
        return torch.randn(shape), torch.randn(shape)


def write_blip_graphs(model: BlipForConditionalGeneration, folder: Path) -> None:
    """Write `blip/vision.onnx` and `blip/decoder.onnx` below `folder`, in fp32, from a `BlipForConditionalGeneration`."""
    vision, decoder = VisionTower(model), Decoder(model)
    write_graph(vision, VisionTowerOnnxConfig(vision.config, decoder.config.num_hidden_layers), folder / VISION)
    write_graph(decoder, DecoderOnnxConfig(decoder.config), folder / DECODER)


@torch.inference_mode()
def caption_with_torch(
    model: BlipForConditionalGeneration,
    pixels: NDArray[np.float32],
    *,
    max_tokens: int,
    num_beams: int = 1,
    length_penalty: float = 1.0,
    early_stopping: EarlyStopping = False,
) -> NDArray[np.int64]:
    """Return what transformers' own `generate()` says of (n, 3, s, s) float32 pixels.

    Returns:
        (n, t) int64 without the start token, t at most `max_tokens`; pad tokens from a caption's end token on.
    """
    text = model.config.text_config
    rules = GenerationConfig(max_new_tokens=max_tokens, do_sample=False, num_beams=num_beams)
    if num_beams > 1:  # greedily they mean nothing, and transformers warns of them
        rules.update(length_penalty=length_penalty, early_stopping=early_stopping)
    captions = model.generate(torch.from_numpy(pixels), generation_config=rules)[:, 1:].numpy()
    return cast(NDArray[np.int64], np.where(captions == text.sep_token_id, text.pad_token_id, captions))


def _transform(layer: BlipEncoderLayer, hidden: Tensor) -> Tensor:
    attention = layer.self_attn
    query, key, value = attention.qkv(layer.layer_norm1(hidden)).split(attention.embed_dim, dim=-1)  # (n, 1 + p, w) each
    hidden = hidden + attention.projection(attend(query, (key, value), heads=attention.num_heads))
    return hidden + layer.mlp(layer.layer_norm2(hidden))


def _split(states: Tensor, heads: int) -> Tensor:
    """(n, s, w) -> (n, heads, s, head width), written as the exporter makes the fewest nodes of."""
    batch, tokens, width = states.shape
    return states.view(batch, tokens, heads, width // heads).transpose(1, 2)


def _name_caches(kind: str, layers: int, axes: dict[int, str]) -> dict[str, dict[int, str]]:
    return {f"{kind}_{part}_{layer}": axes for layer in range(layers) for part in ("key", "value")}
