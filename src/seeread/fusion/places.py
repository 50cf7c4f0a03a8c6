"""Where image tokens lie, for towers that do not tell."""

import torch
from torch import Tensor, nn


class Places(nn.Module):
    """A learned vector a place, added to the token there. ViTs carry such positions inside; CLIP's ResNet does not, and
    without them a language model cannot say where something is."""

    def __init__(self, tokens: int, width: int):
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(tokens, width))

    def forward(self, x: Tensor) -> Tensor:
        """(images, tokens, width) to the same."""
        return x + self.positions
