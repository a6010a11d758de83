"""Attention that is one node of the exported graph, with a torch implementation that runs while the graph is traced.

Owns the three forms in which `com.microsoft::MultiHeadAttention` is used, and attention taken apart by token, which has no
such node. With onnxruntime's CPU kernel for it, BLIP's decoder took half the time of separate products and softmax. Knows
no model. In every shape (b, t, w), w is heads x head width.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.onnx.symbolic_opset9 import unused

KeyValue = tuple[Tensor, Tensor]
NODE = "com.microsoft::MultiHeadAttention"


def attend(query: Tensor, memory: KeyValue, *, heads: int, causal: bool = False) -> Tensor:
    """Return softmax(q k^T / sqrt(head width)) v of every head, concatenated.

    Args:
        query: (b, t, w) float32.
        memory: keys and values, both (b, s, w), or already split into heads, (b, heads, s, head width).
        heads: how many heads share w.
        causal: whether position i attends to positions up to i only; needs s = t.

    Returns:
        (b, t, w) float32.
    """
    return cast(Tensor, _Attention.apply(query, *memory, heads, causal))


def attend_to_tokens(query: Tensor, memory: KeyValue, is_token: Tensor, *, heads: int) -> Tensor:
    """Return what `attend` does, over those positions of the memory that are tokens and no padding.

    Args:
        query: (b, t, w) float32.
        memory: keys and values, both (b, s, w).
        is_token: (b, s) int32, 1 for a token and 0 for padding; each row has a token.
        heads: how many heads share w.

    Returns:
        (b, t, w) float32.
    """
    return cast(Tensor, _MaskedAttention.apply(query, *memory, is_token, heads))


def attend_cached(query: Tensor, fresh: KeyValue, *, past: KeyValue, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return causal attention over cached and new positions, and the longer cache.

    Args:
        query: (b, t, w) float32, the new positions.
        fresh: their keys and values, both (b, t, w).
        past: keys and values of the p positions before them, both (b, heads, p, head width); p may be 0.
        heads: how many heads share w.

    Returns:
        (b, t, w), and the keys and values of all positions, both (b, heads, p + t, head width); float32.
    """
    attended = _CachedAttention.apply(query, *fresh, *past, heads)
    return cast(tuple[Tensor, Tensor, Tensor], attended)


def attend_by_token(query: Tensor, memory: KeyValue, *, heads: int) -> Tensor:
    """Return what one query reads from each token of a memory; the sum over the tokens is what `attend` returns.

    Args:
        query: (b, 1, w) float32.
        memory: keys and values, both (b, s, w).
        heads: how many heads share w.

    Returns:
        (b, s, w) float32: the token's value, weighted by the attention that it gets, head by head.
    """
    query, key, value = (states.unflatten(-1, (heads, -1)) for states in (query, *memory))  # (b, ..., heads, head width)
    weights = ((query * key).sum(dim=-1) * key.shape[-1] ** -0.5).softmax(dim=1)  # (b, s, heads)
    return (weights[..., None] * value).flatten(-2)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(_: object, query: Tensor, *states: Any) -> Tensor:
        key, value, heads, causal = states
        keys, values = _split(key, heads), _split(value, heads)
        return _merge(scaled_dot_product_attention(_split(query, heads), keys, values, is_causal=causal))

    @staticmethod
    def symbolic(graph: Any, query: Any, *states: Any) -> Any:
        key, value, heads, causal = states
        attended = graph.op(NODE, query, key, value, num_heads_i=heads, unidirectional_i=int(causal))
        attended.setType(query.type())
        return attended


class _MaskedAttention(torch.autograd.Function):
    @staticmethod
    def forward(_: object, query: Tensor, *states: Any) -> Tensor:
        key, value, is_token, heads = states
        mask = is_token[:, None, None, :].bool()  # (b, 1, 1, s)
        keys, values = _split(key, heads), _split(value, heads)
        return _merge(scaled_dot_product_attention(_split(query, heads), keys, values, attn_mask=mask))

    @staticmethod
    def symbolic(graph: Any, query: Any, *states: Any) -> Any:
        key, value, is_token, heads = states
        attended = graph.op(NODE, query, key, value, unused(graph), is_token, num_heads_i=heads)
        attended.setType(query.type())
        return attended


class _CachedAttention(torch.autograd.Function):
    @staticmethod
    def forward(_: object, query: Tensor, *states: Any) -> tuple[Tensor, Tensor, Tensor]:
        key, value, past_key, past_value, heads = states
        keys = torch.cat([past_key, _split(key, heads)], dim=2)  # (b, heads, p + t, head width)
        values = torch.cat([past_value, _split(value, heads)], dim=2)
        fresh, total = query.shape[1], keys.shape[2]
        mask = torch.ones(fresh, total, dtype=torch.bool).tril(total - fresh)  # (t, p + t)
        attended = scaled_dot_product_attention(_split(query, heads), keys, values, attn_mask=mask)
        return _merge(attended), keys, values

    @staticmethod
    def symbolic(graph: Any, query: Any, *states: Any) -> Any:
        key, value, past_key, past_value, heads = states
        bias_and_masks = [unused(graph)] * 3
        inputs = [query, key, value, *bias_and_masks, past_key, past_value]
        attended, *present = graph.op(NODE, *inputs, num_heads_i=heads, unidirectional_i=1, outputs=3)
        attended.setType(query.type())
        for cache in present:
            cache.setType(past_key.type().with_sizes([None] * 4))
        return attended, *present


def _split(states: Tensor, heads: int) -> Tensor:
    """(b, s, w) -> (b, heads, s, head width); states that are split already stay as they are."""
    return states if states.dim() == 4 else states.view(*states.shape[:2], heads, -1).transpose(1, 2)


def _merge(states: Tensor) -> Tensor:
    """(b, heads, t, head width) -> (b, t, w)."""
    return states.transpose(1, 2).flatten(2)
