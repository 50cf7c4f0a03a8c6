"""Late fusion: two towers meet in one space, and only their directions are compared."""

import math

import torch
from torch import Tensor, nn


class Similarity(nn.Module):
    """Scaled cosine similarity, with SigLIP's bias where there is one.

    `log_scale` starts at log(1 / 0.07) (CLIP) or log(10) with a bias of -10 (SigLIP, arXiv:2303.15343).
    Both have shape (1,): engines that shard parameters refuse those without a dimension.
    """

    def __init__(self, bias: bool):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor([math.log(10.0 if bias else 1 / 0.07)]))
        self.bias = nn.Parameter(torch.tensor([-10.0])) if bias else None

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        """Unit vectors (images, dimension) and (texts, dimension) to logits (images, texts)."""
        logits = self.log_scale.exp() * (images @ texts.T)
        return logits if self.bias is None else logits + self.bias
