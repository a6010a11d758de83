"""Writes a text tower that was taught to give the vectors of a CLIP: a DistilBERT, the mean of its tokens, and a projection.

sentence-transformers/clip-ViT-B-32-multilingual-v1 is one, over OpenAI's ViT-B/32. Owns the tower as it is traced, and the
original's outputs to compare with. Loads no checkpoint (`text_checkpoint.py`) and compares nothing (`parity.py`).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import DistilBertModel
from transformers.models.distilbert.modeling_distilbert import TransformerBlock

from export.models.attention import attend_to_tokens
from export.models.onnx_graph import write_graph
from export.models.tower_inputs import TextTowerOnnxConfig

TEXT = "text/text.onnx"


class MeanPooledTextTower(nn.Module):
    """`input_ids` (n, t) int64, padded at the end -> `embedding` (n, d) float32 of norm 1.

    Which tokens are padding is read from the ids, so that the graph has the one input that every text graph has.
    """

    def __init__(self, model: DistilBertModel, dense: nn.Linear, pad_token_id: int) -> None:
        super().__init__()
        self.config, self.model, self.dense, self.pad_token_id = model.config, model, dense, pad_token_id

    def forward(self, input_ids: Tensor) -> tuple[Tensor]:
        """Embed texts, as sentence-transformers' modules Transformer, Pooling (mean) and Dense do, and to norm 1."""
        is_token = input_ids.ne(self.pad_token_id).to(torch.int32)  # (n, t)
        embeddings = self.model.embeddings
        positions = torch.arange(input_ids.shape[1])
        summed = embeddings.word_embeddings(input_ids) + embeddings.position_embeddings(positions)
        hidden = embeddings.LayerNorm(summed)  # (n, t, w)
        for layer in self.model.transformer.layer:
            hidden = _transform(layer, hidden, is_token)
        weights = is_token.to(hidden.dtype)[:, :, None]  # (n, t, 1)
        # Over (n, w), a projection with a bias would become a Gemm node, and no layer for `precision/layers.py`.
        mean = (hidden * weights).sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True)  # (n, 1, w)
        return (normalize(self.dense(mean), dim=-1)[:, 0],)


def _transform(layer: TransformerBlock, hidden: Tensor, is_token: Tensor) -> Tensor:
    """Return the output of a post-norm layer: attention, residual, norm, MLP, residual, norm."""
    attention = layer.attention
    memory = attention.k_lin(hidden), attention.v_lin(hidden)
    attended = attend_to_tokens(attention.q_lin(hidden), memory, is_token, heads=attention.n_heads)
    hidden = layer.sa_layer_norm(attention.out_lin(attended) + hidden)
    mlp = layer.ffn
    output: Tensor = layer.output_layer_norm(mlp.lin2(mlp.activation(mlp.lin1(hidden))) + hidden)
    return output


def write_text_graph(model: DistilBertModel, dense: nn.Linear, pad_token_id: int, folder: Path) -> None:
    """Write `text/text.onnx` below `folder`, in fp32."""
    tower = MeanPooledTextTower(model, dense, pad_token_id)
    write_graph(tower, TextTowerOnnxConfig(tower.config), folder / TEXT)


@torch.inference_mode()
def embed_with_torch(
    model: DistilBertModel, dense: nn.Linear, texts: Sequence[NDArray[np.int64]], pad_token_id: int
) -> NDArray[np.float32]:
    """Return the vectors, (n, d) float32 of norm 1, by transformers' own code.

    Args:
        model: with any attention.
        dense: what projects the mean.
        texts: (k, t) int64 each, of any lengths, shorter ones padded at their end.
        pad_token_id: what they are padded with.
    """
    vectors = []
    for text in texts:
        token_ids = torch.from_numpy(text)
        mask = token_ids.ne(pad_token_id).to(torch.int64)
        hidden = model(input_ids=token_ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        vectors.append(normalize(dense(mean), dim=-1))
    return torch.cat(vectors).numpy()
