"""The head that makes one vector of an image's patches by attention (SigLIP's MAP head), and the part of each patch in it.

Owns the head as it is traced, and the same parts computed from torch's own attention to compare with. Knows no tower.
"""

import torch
from torch import Tensor, nn
from transformers.models.siglip.modeling_siglip import SiglipMultiheadAttentionPoolingHead

from export.models.attention import KeyValue, attend, attend_by_token


class AttentionPooling(nn.Module):
    """(n, p, w) patches -> their pooled vector, (n, 1, w), and what each patch adds to it, (n, p, w), both float32.

    One learned query, the probe, reads all patches. With x what it reads, the pooled vector is x + MLP(norm(x)):

        x            = sum_i r_i + b_o                r_i: patch i's value, weighted by its attention, through out_proj
        norm(x)      = gain * (x - mean(x)) / deviation(x) + bias
        MLP(norm(x)) = W2 (s * h) + b2                h = W1 norm(x) + b1, s = gelu(h) / h

    With s and the deviation of the whole x, all of it is linear in x. So the pooled vector is exactly the sum of

        r_i + W2 (s * W1 (gain * (r_i - mean(r_i)) / deviation(x)))

    over the patches, and of a rest that only the biases make. A derivative times r_i would not add up so: the norm is
    the same at any scale.
    """

    def __init__(self, head: SiglipMultiheadAttentionPoolingHead) -> None:
        super().__init__()
        attention = head.attention
        query, key, value = attention.in_proj_weight.chunk(3)  # in one tensor, none would be a layer that can be rounded
        query_bias, key_bias, value_bias = attention.in_proj_bias.chunk(3)
        self.heads, self.out_proj = attention.num_heads, attention.out_proj
        self.layernorm, self.mlp = head.layernorm, head.mlp
        self.key, self.value = _linear(key, key_bias), _linear(value, value_bias)
        with torch.no_grad():
            self.query = nn.Parameter(head.probe @ query.T + query_bias)  # (1, 1, w), the same for every image

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the patches, and take the result apart."""
        memory = self.key(patches), self.value(patches)
        query = self.query.expand(patches.shape[0], -1, -1)  # (n, 1, w)
        read = self.out_proj(attend(query, memory, heads=self.heads))  # (n, 1, w)
        inner = self.mlp.fc1(self.layernorm(read))  # (n, 1, 4 w)
        activated = self.mlp.activation_fn(inner)
        pooled = read + self.mlp.fc2(activated)
        parts = self._read_by_patch(query, memory)
        slopes = torch.where(inner == 0, 0.5, activated / inner)  # gelu(h) / h, which tends to 1/2 at 0
        return pooled, parts + self._pass_mlp(parts, read, slopes)

    def _read_by_patch(self, query: Tensor, memory: KeyValue) -> Tensor:
        """Return what the query (n, 1, w) reads from each patch, (n, p, w), without the bias, which is no patch's."""
        return self.out_proj(attend_by_token(query, memory, heads=self.heads)) - self.out_proj.bias

    def _pass_mlp(self, parts: Tensor, read: Tensor, slopes: Tensor) -> Tensor:
        """Return what parts (n, p, w) of `read` (n, 1, w) add through norm and MLP, at the whole's slopes (n, 1, 4 w)."""
        norm, mlp = self.layernorm, self.mlp
        deviation = (read.var(dim=-1, correction=0, keepdim=True) + norm.eps).sqrt()  # (n, 1, 1)
        normed = (parts - parts.mean(dim=-1, keepdim=True)) / deviation * norm.weight
        return mlp.fc2((mlp.fc1(normed) - mlp.fc1.bias) * slopes) - mlp.fc2.bias


@torch.inference_mode()
def parts_with_torch(head: SiglipMultiheadAttentionPoolingHead, patches: Tensor) -> Tensor:
    """Return what each patch adds to the pooled vector, (n, p, w), head by head from the attentions that torch returns."""
    attention, norm, mlp = head.attention, head.layernorm, head.mlp
    probe = head.probe.expand(patches.shape[0], -1, -1)
    read, attentions = attention(probe, patches, patches, average_attn_weights=False)  # (n, 1, w), (n, heads, 1, p)
    value, value_bias = attention.in_proj_weight.chunk(3)[2], attention.in_proj_bias.chunk(3)[2]
    width = attention.head_dim
    heads = zip(
        (patches @ value.T + value_bias).split(width, dim=2), attention.out_proj.weight.split(width, dim=1), strict=True
    )
    parts = torch.stack(
        [attentions[:, number, 0, :, None] * (values @ output.T) for number, (values, output) in enumerate(heads)]
    ).sum(dim=0)
    inner = mlp.fc1(norm(read))
    slopes = mlp.activation_fn(inner) / inner
    deviation = (read.var(dim=-1, correction=0, keepdim=True) + norm.eps).sqrt()
    normed = (parts - parts.mean(dim=-1, keepdim=True)) / deviation * norm.weight
    return parts + (normed @ mlp.fc1.weight.T * slopes) @ mlp.fc2.weight.T


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """Return a layer over rows of another layer's weight, in the same memory."""
    linear = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    linear.weight, linear.bias = nn.Parameter(weight.detach()), nn.Parameter(bias.detach())
    return linear
