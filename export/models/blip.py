"""Writes BLIP's captioner as two fp32 graphs; owns the optimum configurations for it, which optimum lacks (its issue 1818).

The cross-attention keys and values of every decoder layer depend on the image alone: the vision graph returns them once, in
the layout that the decoder uses. The decoder graph takes a key-value cache of any length, also of length 0, so that one
graph serves the first token and all later ones. Loads no checkpoint and compares nothing.
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
from runtime.models.blip import NEXT_TOKENS
from runtime.models.decoding import EarlyStopping

VISION, DECODER = "blip/vision.onnx", "blip/decoder.onnx"
TRACED_PAST, TRACED_IMAGE_TOKENS = 4, 5
CANDIDATES = 6  # next tokens, two for each of three beams


class VisionTower(nn.Module):
    """`pixel_values` (n, 3, s, s) -> `cross_key_i`, `cross_value_i` (n, heads, tokens, head width) of each decoder layer."""

    def __init__(self, model: BlipForConditionalGeneration) -> None:
        super().__init__()
        self.config = model.config.vision_config
        self.vision_model, self.text_decoder = model.vision_model, model.text_decoder

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        """Encode images and project them to each decoder layer's keys and values."""
        hidden = self._embed_patches(pixel_values)  # (n, 1 + p, w)
        for layer in self.vision_model.encoder.layers:
            hidden = _transform(layer, hidden)
        hidden = self.vision_model.post_layernorm(hidden)
        attentions = [layer.crossattention.self for layer in self.text_decoder.bert.encoder.layer]
        return tuple(
            _split(project(hidden), attention.num_attention_heads)
            for attention in attentions
            for project in (attention.key, attention.value)
        )

    def _embed_patches(self, pixel_values: Tensor) -> Tensor:
        embeddings = self.vision_model.embeddings
        patches = embeddings.patch_embedding(pixel_values).flatten(2).transpose(1, 2)  # (n, p, w)
        class_token = embeddings.class_embedding.expand(patches.shape[0], 1, -1)
        return torch.cat([class_token, patches], dim=1) + embeddings.position_embedding


class Decoder(nn.Module):
    """`input_ids` (b, t), caches of p tokens, the images -> `logits` (b, vocabulary) of the last token, longer caches.

    The last outputs are the `candidates` likeliest next tokens, the likeliest first, `top_tokens` (b, candidates) int64, and
    their `top_log_probabilities`, float32: what a search for a caption chooses from, found faster here than in numpy.

    b is a multiple of the number of images. The rows of one image, which are the beams of a search, stand next to each other
    and share the image's keys and values, so that three beams read them only once.

    The word embedding is stored as the output layer needs it, (w, vocabulary), and looked up by column. Where the two are
    tied, as they are in BLIP, the graph then holds one tensor that is read twice.
    """

    def __init__(self, model: BlipForConditionalGeneration, candidates: int = CANDIDATES) -> None:
        super().__init__()
        self.config, self.text_decoder = model.config.text_config, model.text_decoder
        self._candidates = min(candidates, self.config.vocab_size)
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
            attended, *caches = attend_cached(own.query(hidden), fresh, past=layer_past, heads=heads)
            hidden = layer.attention.output(attended, hidden)
            # All queries to one image run at once: its keys and values are the same for every token of every beam.
            folded = other.query(hidden).view(image[0].shape[0], -1, width)
            attended = attend(folded, image, heads=heads).view(*input_ids.shape, width)  # (b, t, w)
            hidden = layer.crossattention.output(attended, hidden)
            hidden = layer.output(layer.intermediate(hidden), hidden)
            present += caches
        last = self._predictions.transform(hidden[:, -1:])  # (b, 1, w)
        logits = (last @ outputs + self._predictions.decoder.bias)[:, 0]  # (b, vocabulary)
        top_log_probabilities, top_tokens = logits.log_softmax(-1).topk(self._candidates)
        return logits, *present, top_tokens, top_log_probabilities

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
    """The decoder graph for optimum; optimum's own caches need a second graph, or a branch, for the first token."""

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
        """Name the logits, then the longer caches, then the likeliest next tokens."""
        present = _name_caches("present", self._config.num_hidden_layers, {0: "captions", 2: "all_tokens"})
        return {"logits": {0: "captions"}, **present, **{name: {0: "captions"} for name in NEXT_TOKENS}}

    def ordered_inputs(self, _: nn.Module) -> dict[str, dict[int, str]]:
        """Return the inputs as they are: the base class expects every cache to be an argument of `forward`."""
        return self.inputs

    def generate_dummy_inputs(self, framework: str = "pt", **_: object) -> dict[str, Any]:
        """Generate tokens and caches to trace with."""
        batch, tokens = TRACED_SHAPES["batch_size"], TRACED_SHAPES["sequence_length"]
        past = [self._make_cache(batch, TRACED_PAST) for _ in range(self._config.num_hidden_layers)]
        cross = [self._make_cache(1, TRACED_IMAGE_TOKENS) for _ in range(self._config.num_hidden_layers)]
        return {"input_ids": torch.zeros(batch, tokens, dtype=torch.int64), "past": past, "cross": cross}

    def _make_cache(self, batch: int, tokens: int) -> KeyValue:
        heads = self._config.num_attention_heads
        shape = (batch, heads, tokens, self._config.hidden_size // heads)
        return torch.randn(shape), torch.randn(shape)


def write_blip_graphs(model: BlipForConditionalGeneration, folder: Path, *, num_beams: int) -> None:
    """Write `blip/vision.onnx` and `blip/decoder.onnx` below `folder`, in fp32, from a `BlipForConditionalGeneration`.

    The decoder returns as many next tokens as a search with up to `num_beams` beams needs.
    """
    vision, decoder = VisionTower(model), Decoder(model, candidates=2 * num_beams)
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
    """Return the captions that transformers' own `generate()` makes of (n, 3, s, s) float32 pixels.

    Returns:
        (n, t) int64 without the start token, t at most `max_tokens`; pad tokens from a caption's end token on.
    """
    text = model.config.text_config
    rules = GenerationConfig(max_new_tokens=max_tokens, do_sample=False, num_beams=num_beams)
    if num_beams > 1:  # greedy search has no use for these, and transformers warns of them
        rules.update(length_penalty=length_penalty, early_stopping=early_stopping)
    captions = model.generate(torch.from_numpy(pixels), generation_config=rules)[:, 1:].numpy()
    return cast(NDArray[np.int64], np.where(captions == text.sep_token_id, text.pad_token_id, captions))


def _transform(layer: BlipEncoderLayer, hidden: Tensor) -> Tensor:
    attention = layer.self_attn
    query, key, value = attention.qkv(layer.layer_norm1(hidden)).split(attention.embed_dim, dim=-1)  # (n, 1 + p, w) each
    hidden = hidden + attention.projection(attend(query, (key, value), heads=attention.num_heads))
    return hidden + layer.mlp(layer.layer_norm2(hidden))


def _split(states: Tensor, heads: int) -> Tensor:
    """(n, s, w) -> (n, heads, s, head width), in the form for which the exporter makes the fewest nodes."""
    batch, tokens, width = states.shape
    return states.view(batch, tokens, heads, width // heads).transpose(1, 2)


def _name_caches(kind: str, layers: int, axes: dict[int, str]) -> dict[str, dict[int, str]]:
    return {f"{kind}_{part}_{layer}": axes for layer in range(layers) for part in ("key", "value")}
