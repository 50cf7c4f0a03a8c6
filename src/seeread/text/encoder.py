"""The text tower of a dual encoder: tokens in, one feature vector a text out."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from seeread.nn.mask import causal_mask
from seeread.nn.transformer import Transformer, TransformerConfig

TextPool = Literal["largest", "end", "last", "first"]


@dataclass(frozen=True, kw_only=True)
class TextEncoderConfig:
    """`pool` says which token speaks for the text.

    "largest": the largest id, which in CLIP's vocabulary is the end of the text. "end": the first `end_id`.
    "last": the last place, padding or not (SigLIP, whose texts are always padded to `context_length`). "first".
    """

    transformer: TransformerConfig
    vocabulary: int
    context_length: int
    causal: bool = True  # CLIP reads left to right, SigLIP both ways
    pool: TextPool = "largest"
    end_id: int | None = None

    def __post_init__(self) -> None:
        if self.pool == "end" and self.end_id is None:
            raise ValueError('texts that are read at their "end" need an end_id')

    @property
    def width(self) -> int:
        """Of the feature that comes out."""
        return self.transformer.width

    @property
    def cut_is_exact(self) -> bool:
        """Whether padding behind the end of a text changes nothing, so that it may be left away."""
        return self.causal and self.pool != "last"


class TextEncoder(nn.Module):
    """Embed, read, and pick the token that speaks for the text."""

    def __init__(self, c: TextEncoderConfig):
        super().__init__()
        self.config = c
        self.embedding = nn.Embedding(c.vocabulary, c.width)
        self.positions = nn.Parameter(torch.zeros(c.context_length, c.width))
        self.transformer = Transformer(c.transformer)
        self.norm = nn.LayerNorm(c.width, c.transformer.norm_eps)

    def forward(self, tokens: Tensor) -> Tensor:
        """(texts, tokens) ids to (texts, width)."""
        length = tokens.shape[1]
        x = self.embedding(tokens) + self.positions[:length]
        mask = causal_mask(length, tokens.device) if self.config.causal else None
        x = self.transformer(x, mask)
        return self.norm(x[torch.arange(len(x), device=x.device), self.speaker(tokens)])

    def speaker(self, tokens: Tensor) -> Tensor:
        """(texts, tokens) to (texts,): the place of the token that speaks for each text."""
        if self.config.pool == "largest":
            return tokens.argmax(dim=-1)
        if self.config.pool == "end":
            assert self.config.end_id is not None  # the config has seen to that
            return tokens.eq(self.config.end_id).int().argmax(dim=-1)
        place = tokens.shape[1] - 1 if self.config.pool == "last" else 0
        return torch.full((len(tokens),), place, device=tokens.device)
