"""One layer of a pre-norm transformer as CLIP and SigLIP have it, traced with attention as one node.

Owns the layer's order: norm, attention, residual, norm, MLP, residual. Knows the names that transformers gives its parts,
which are the same for both. BLIP's layers are in `blip.py`.
"""

from typing import TypeAlias

from torch import Tensor
from transformers.models.clip.modeling_clip import CLIPEncoderLayer
from transformers.models.siglip.modeling_siglip import SiglipEncoderLayer

from export.models.attention import attend

PreNormLayer: TypeAlias = CLIPEncoderLayer | SiglipEncoderLayer
ALL_TOKENS = slice(None)


def transform(layer: PreNormLayer, hidden: Tensor, *, causal: bool = False, read: slice = ALL_TOKENS) -> Tensor:
    """Return the layer's output at the tokens that are read.

    Args:
        layer: the layer.
        hidden: (n, t, w) float32, all tokens.
        causal: whether a token attends only to those up to itself; then all are read.
        read: which of the t tokens the output has; the others only serve as keys and values.

    Returns:
        (n, tokens read, w) float32.
    """
    attention, normed = layer.self_attn, layer.layer_norm1(hidden)
    memory = attention.k_proj(normed), attention.v_proj(normed)
    if read != ALL_TOKENS:  # a slice of everything would be a node of the graph, too
        hidden, normed = hidden[:, read], normed[:, read]
    attended = attend(attention.q_proj(normed), memory, heads=attention.num_heads, causal=causal)
    return add_residuals(layer, hidden, attention.out_proj(attended))


def add_residuals(layer: PreNormLayer, hidden: Tensor, attended: Tensor) -> Tensor:
    """Return what follows the attention: the residual, and the MLP with its own. All are (n, t, w)."""
    hidden = hidden + attended
    return hidden + layer.mlp(layer.layer_norm2(hidden))
