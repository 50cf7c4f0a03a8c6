"""One transformer block, configured; every tower and language model is a stack of it."""

from dataclasses import dataclass
from itertools import islice

from torch import Tensor, nn

from seeread.nn.attention import Attention, AttentionConfig
from seeread.nn.cache import Cache, LayerCache
from seeread.nn.mlp import MLP, Activation, GatedMLP
from seeread.nn.norm import NormKind, build_norm
from seeread.nn.rope import Rope, Rotation


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Each field is here because published checkpoints differ in it."""

    width: int
    layers: int
    heads: int
    hidden: int  # width inside the MLP
    activation: Activation = "gelu"
    norm_eps: float = 1e-5  # SigLIP: 1e-6
    norm: NormKind = "layer"  # Llama, Qwen2, Gemma: "rms"
    norm_offset: float = 0.0  # Gemma: 1, for it stores RMSNorm's weights less 1
    post_norm: bool = False  # Gemma 2: what a branch gives is normed, too
    kv_heads: int | None = None  # fewer than heads: grouped-query attention (Mistral, Qwen2, Gemma)
    head_width: int | None = None  # width / heads, unless the checkpoint says otherwise (Gemma 7B)
    gated: bool = False  # Llama, Qwen2: SwiGLU; Gemma: GeGLU
    bias: bool = True  # Llama, Gemma: none
    qkv_bias: bool | None = None  # as `bias`, unless the checkpoint says otherwise (Qwen2)
    scale: float | None = (
        None  # of attention scores; 1 / sqrt(head width) unless the checkpoint says so (Gemma 2)
    )
    softcap: float | None = None  # of attention scores (Gemma 2: 50)
    rope: Rope | None = None
    window: int | None = None  # how far back a token sees (Mistral 7B v0.1, Gemma 2: 4096)
    full_layers: tuple[int, ...] = ()  # the layers that see everything nevertheless (Gemma 2: every other)

    @property
    def attention(self) -> AttentionConfig:
        """Of every block."""
        return AttentionConfig(
            width=self.width,
            heads=self.heads,
            kv_heads=self.kv_heads,
            head_width=self.head_width,
            bias=self.bias if self.qkv_bias is None else self.qkv_bias,
            out_bias=self.bias,
            scale=self.scale,
            softcap=self.softcap,
        )


class Block(nn.Module):
    """Attention, then MLP, each normed before and added to the residual stream."""

    def __init__(self, c: TransformerConfig):
        super().__init__()
        feed_forward = GatedMLP if c.gated else MLP
        self.attention_norm = _norm(c)
        self.attention = Attention(c.attention)
        self.attention_post_norm = _norm(c) if c.post_norm else nn.Identity()
        self.mlp_norm = _norm(c)
        self.mlp = feed_forward(c.width, c.hidden, c.activation, c.bias)
        self.mlp_post_norm = _norm(c) if c.post_norm else nn.Identity()

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Rotation | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """(batch, tokens, width) to the same."""
        y = self.attention(self.attention_norm(x), mask=mask, rotation=rotation, cache=cache)
        x = x + self.attention_post_norm(y)
        return x + self.mlp_post_norm(self.mlp(self.mlp_norm(x)))


def _norm(c: TransformerConfig) -> nn.Module:
    return build_norm(c.norm, c.width, c.norm_eps, c.norm_offset)


class Transformer(nn.Module):
    """A stack of blocks, (batch, tokens, width) to the same."""

    def __init__(self, c: TransformerConfig):
        super().__init__()
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.full_layers = frozenset(c.full_layers)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        rotation: Rotation | None = None,
        cache: Cache | None = None,
        window_mask: Tensor | None = None,
        skip_last: int = 0,
    ) -> Tensor:
        """`window_mask` is for the layers that see only so far back. The last `skip_last` blocks are left out: LLaVA
        takes the features before the last one."""
        for index, block in enumerate(islice(self.blocks, len(self.blocks) - skip_last)):
            seen = mask if window_mask is None or index in self.full_layers else window_mask
            x = block(x, seen, rotation, None if cache is None else cache.layer(index))
        return x
