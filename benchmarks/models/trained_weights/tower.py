"""all-MiniLM-L6-v2 as a text tower: BERT, 384 wide, 6 post-norm layers, the mean of its tokens.

Owns the module, its graph, and the same computed by transformers. Texts come alone, so there is no padding.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from optimum.exporters.onnx.config import TextEncoderOnnxConfig
from optimum.utils import NormalizedTextConfig
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertLayer

from export.models.attention import attend
from export.models.onnx_graph import quiet, write_graph

TEXT = "minilm/text.onnx"


class MiniLmTower(nn.Module):
    """`input_ids` (n, t) int64 -> `embedding` (n, d) float32 of norm 1."""

    def __init__(self, model: BertModel) -> None:
        super().__init__()
        self.config, self.layers = model.config, model.encoder.layer
        self.words, self.norm = model.embeddings.word_embeddings, model.embeddings.LayerNorm
        segment = model.embeddings.token_type_embeddings.weight[0]  # there is one, so its row joins every position
        positions = model.embeddings.position_embeddings.weight
        self.positions = nn.Embedding.from_pretrained(positions.detach() + segment.detach())

    def forward(self, input_ids: Tensor) -> tuple[Tensor]:
        """Embed texts of one length."""
        hidden = self.norm(self.words(input_ids) + self.positions(torch.arange(input_ids.shape[1])))  # (n, t, w)
        for layer in self.layers:
            hidden = _transform(layer, hidden)
        return (normalize(hidden.mean(dim=1), dim=-1),)


class MiniLmTowerOnnxConfig(TextEncoderOnnxConfig):
    """The graph for optimum."""

    NORMALIZED_CONFIG_CLASS = NormalizedTextConfig
    inputs: ClassVar = {"input_ids": {0: "texts", 1: "tokens"}}
    outputs: ClassVar = {"embedding": {0: "texts"}}


def _transform(layer: BertLayer, hidden: Tensor) -> Tensor:
    attention, mixer = layer.attention.self, layer.attention.output
    memory = attention.key(hidden), attention.value(hidden)
    mixed = attend(attention.query(hidden), memory, heads=attention.num_attention_heads)
    hidden = mixer.LayerNorm(mixer.dense(mixed) + hidden)
    widened = layer.intermediate.intermediate_act_fn(layer.intermediate.dense(hidden))  # (n, t, 4 w)
    return layer.output.LayerNorm(layer.output.dense(widened) + hidden)


def read_minilm(checkpoint: Path) -> BertModel:
    """Return the model of a checkpoint folder."""
    with quiet():
        return BertModel.from_pretrained(checkpoint, add_pooling_layer=False, local_files_only=True).eval()


def write_minilm_graph(model: BertModel, folder: Path) -> None:
    """Write the fp32 graph `TEXT` below `folder`."""
    tower = MiniLmTower(model)
    write_graph(tower, MiniLmTowerOnnxConfig(tower.config), folder / TEXT)


@torch.inference_mode()
def embed_with_torch(model: BertModel, texts: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """Return (n, d) for (1, t) token ids each, as sentence-transformers computes it: the mean of the tokens, normalized."""
    means = [model(input_ids=torch.from_numpy(text)).last_hidden_state.mean(dim=1) for text in texts]
    return np.asarray(normalize(torch.cat(means), dim=-1).numpy(), np.float32)
