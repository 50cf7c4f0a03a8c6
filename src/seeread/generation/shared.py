"""Reading prompts: what several of them have in common is seen and read once."""

import torch
from torch import Tensor

from seeread.interface import Batch, Generates
from seeread.nn.cache import Cache


def read_at(model: Generates, batch: Batch, wanted: Tensor) -> tuple[Tensor, Cache]:
    """Read a batch from its beginning. The features of the places that are `wanted`, (batch, tokens), in reading order,
    (wanted places, width); and the cache to go on with."""
    cache = Cache()
    return model.read(batch, cache)[wanted], cache


def last_places(batch: Batch) -> Tensor:
    """(batch, tokens): True for the last token of each row that is no padding."""
    places = torch.arange(batch.tokens.shape[1], device=batch.tokens.device)
    return batch.valid & (places == (places * batch.valid).amax(dim=1, keepdim=True))
