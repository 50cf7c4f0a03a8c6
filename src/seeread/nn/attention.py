"""Attention: the only place where one token looks at another."""

import torch.nn.functional as F
from torch import Tensor, nn


class Attend(nn.Module):
    """softmax(q k') v. It holds no weights; it is a module so that it can be watched from outside."""

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """Queries, keys and values, each (batch, heads, tokens, head_width), to (batch, heads, queries, head_width)."""
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self.scale)

    def weights(self, q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
        """The attention map itself, (batch, heads, queries, keys)."""
        scores = q @ k.transpose(-2, -1) * self.scale
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return scores.float().softmax(-1).to(q.dtype)


class Attention(nn.Module):
    """Multi-head attention of `x` over itself, or over `context` (cross-attention).

    `out_width` differs from `width` in one published place: CLIP's ResNet pooling, which projects as it pools.
    """

    def __init__(self, width: int, heads: int, out_width: int | None = None):
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared by {heads} attention heads")
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, out_width or width)
        self.attend = Attend((width // heads) ** -0.5)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """(batch, queries, width) to (batch, queries, out_width)."""
        source = x if context is None else context
        q, k, v = (self._split(y) for y in (self.query(x), self.key(source), self.value(source)))
        return self.out(self.attend(q, k, v, mask).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
