"""LayerNorm and RMSNorm, in the variants that published checkpoints need."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NormKind = Literal["layer", "rms"]


def build_norm(kind: NormKind, width: int, eps: float, offset: float = 0.0) -> nn.Module:
    """An untrained norm; the offset is RMSNorm's only."""
    return nn.LayerNorm(width, eps) if kind == "layer" else RMSNorm(width, eps, offset)


class RMSNorm(nn.Module):
    """Scale to a mean square of one (arXiv:1910.07467). Gemma stores its weights less an `offset` of 1.

    The arithmetic is float32 whatever comes in: in bf16 the sum of squares alone would cost three digits.
    """

    def __init__(self, width: int, eps: float, offset: float = 0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.full((width,), 1.0 - offset))
        self.eps = eps
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same, in the same precision."""
        weight = self.weight.float() + self.offset if self.offset else self.weight.float()
        return F.rms_norm(x.float(), weight.shape, weight, self.eps).to(x.dtype)
