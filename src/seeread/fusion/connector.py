"""Connectors: a tower's features become tokens as wide as the language model."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

ConnectorKind = Literal["linear", "mlp"]


def build_connector(kind: ConnectorKind, vision_width: int, text_width: int) -> nn.Module:
    """An untrained connector: "linear" (LLaVA 1.0, PaliGemma) or "mlp" (LLaVA 1.5 and later)."""
    return nn.Linear(vision_width, text_width) if kind == "linear" else TwoLayers(vision_width, text_width)


class TwoLayers(nn.Module):
    """Linear, GELU, linear (LLaVA 1.5, arXiv:2310.03744)."""

    def __init__(self, vision_width: int, text_width: int):
        super().__init__()
        self.first = nn.Linear(vision_width, text_width)
        self.second = nn.Linear(text_width, text_width)

    def forward(self, features: Tensor) -> Tensor:
        """(..., vision width) to (..., text width)."""
        return self.second(F.gelu(self.first(features)))
