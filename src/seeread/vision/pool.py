"""Pooling: from one feature a patch to one feature an image."""

import torch
from torch import Tensor, nn

from seeread.nn.attention import Attention, AttentionConfig
from seeread.nn.mask import key_mask
from seeread.nn.mlp import MLP
from seeread.nn.transformer import TransformerConfig


class ClassToken(nn.Module):
    """CLIP's ViT: the first token, which was learned to gather the image."""

    def forward(self, x: Tensor) -> Tensor:
        """(images, tokens, width) to (images, width)."""
        return x[:, 0]


class AttentionPool(nn.Module):
    """SigLIP's MAP head (multi-head attention pooling): one learned query reads all tokens."""

    def __init__(self, c: TransformerConfig):
        super().__init__()
        self.query = nn.Parameter(torch.zeros(c.width))
        self.attention = Attention(AttentionConfig(width=c.width, heads=c.heads))
        self.norm = nn.LayerNorm(c.width, c.norm_eps)
        self.mlp = MLP(c.width, c.hidden, c.activation)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """(images, tokens, width) to (images, width); `valid` (images, tokens) is False on padding."""
        mask = None if valid is None else key_mask(valid)
        x = self.attention(self.query.expand(len(x), 1, -1), context=x, mask=mask)
        return (x + self.mlp(self.norm(x)))[:, 0]


class SpatialAttentionPool(nn.Module):
    """CLIP's ResNet: the mean of the map asks, the map with its places answers, and the answer is projected."""

    def __init__(self, width: int, heads: int, tokens: int, out_width: int):
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(tokens + 1, width))
        self.attention = Attention(AttentionConfig(width=width, heads=heads, out_width=out_width))

    def forward(self, x: Tensor) -> Tensor:
        """(images, tokens, width) to (images, out_width)."""
        x = torch.cat((x.mean(dim=1, keepdim=True), x), dim=1) + self.positions
        return self.attention(x[:, :1], context=x)[:, 0]
