"""One transformer block, configured; every tower is a stack of it."""

from dataclasses import dataclass

from torch import Tensor, nn

from seeread.nn.attention import Attention
from seeread.nn.mlp import MLP, Activation


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Each field is here because published checkpoints differ in it."""

    width: int
    layers: int
    heads: int
    hidden: int  # width inside the MLP
    activation: Activation = "gelu"
    norm_eps: float = 1e-5  # SigLIP: 1e-6


class Block(nn.Module):
    """Attention, then MLP, each normed before and added to the residual stream."""

    def __init__(self, c: TransformerConfig):
        super().__init__()
        self.attention_norm = nn.LayerNorm(c.width, c.norm_eps)
        self.attention = Attention(c.width, c.heads)
        self.mlp_norm = nn.LayerNorm(c.width, c.norm_eps)
        self.mlp = MLP(c.width, c.hidden, c.activation)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.attention(self.attention_norm(x), mask=mask)
        return x + self.mlp(self.mlp_norm(x))


class Transformer(nn.Module):
    """A stack of blocks, (batch, tokens, width) to the same."""

    def __init__(self, c: TransformerConfig):
        super().__init__()
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        for block in self.blocks:
            x = block(x, mask)
        return x
