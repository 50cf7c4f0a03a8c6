"""Attention masks: True where a query may look at a key."""

import torch
from torch import Tensor


def causal_mask(tokens: int, device: torch.device | None = None) -> Tensor:
    """(1, 1, tokens, tokens): each token sees itself and those before it."""
    return torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()[None, None]


def key_mask(valid: Tensor) -> Tensor:
    """(batch, keys) of what is no padding, to (batch, 1, 1, keys): padding is looked at by nobody."""
    return valid[:, None, None, :]
