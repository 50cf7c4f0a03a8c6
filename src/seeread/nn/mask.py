"""Attention masks: True where a query may look at a key."""

import torch
import torch.nn.functional as F
from torch import Tensor


def causal_mask(tokens: int, device: torch.device | None = None) -> Tensor:
    """(1, 1, tokens, tokens): each token sees itself and those before it."""
    return torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()[None, None]


def key_mask(valid: Tensor) -> Tensor:
    """(batch, keys) of what is no padding, to (batch, 1, 1, keys): padding is looked at by nobody."""
    return valid[:, None, None, :]


def decoder_mask(
    queries: Tensor, keys: Tensor, ahead: Tensor | None = None, window: int | None = None
) -> Tensor:
    """(batch, 1, queries, keys) of positions (batch, queries) and (batch, keys), where -1 is padding.

    The queries are the last of the keys. A token sees itself and those before it: all, or the last `window`. Queries
    that are marked in `ahead`, (batch, queries), also see each other, however far apart: a prefix that is read both
    ways. Padding sees everything, for a softmax over nothing is no number; nobody sees it.
    """
    q, k = queries[:, None, :, None], keys[:, None, None, :]
    seen = k <= q
    if window is not None:
        seen = seen & (q - k < window)
    if ahead is not None:
        earlier = keys.shape[1] - queries.shape[1]
        seen = seen | (ahead[:, None, :, None] & F.pad(ahead, (earlier, 0))[:, None, None, :])
    return (seen & (k >= 0)) | (q < 0)
