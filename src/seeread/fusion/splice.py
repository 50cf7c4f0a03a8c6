"""Early entry: image tokens take their places in the text sequence."""

import torch
from torch import Tensor


def splice(text: Tensor, places: Tensor, image_tokens: Tensor) -> Tensor:
    """`text` (batch, tokens, width), with `image_tokens` (image tokens in all, width) where `places` (batch, tokens)
    is True, in reading order. Raises ValueError where they are not as many."""
    rows = places.nonzero(as_tuple=True)
    wanted, given = len(rows[0]), len(image_tokens)
    if wanted != given:
        raise ValueError(f"the text has {wanted} places for image tokens, and the images give {given}")
    return torch.index_put(text, rows, image_tokens.to(text.dtype))
