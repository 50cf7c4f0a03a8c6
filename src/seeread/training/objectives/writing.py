"""Writing: the next token of an answer."""

import torch.nn.functional as F
from torch import Tensor, nn

from seeread.interface import Batch, Generates


def next_token(model: Generates, batch: Batch) -> Tensor:
    """Mean cross-entropy, in nats, of the answers of a batch, each token given all before it. Prompts teach nothing.

    Of an encoder-decoder too: what foretells the first token of an answer stands at the last of its prompt.
    """
    targets = batch.targets()
    learned = targets >= 0
    return F.cross_entropy(model.logits(model.read(batch)[learned]), targets[learned])


def writing(model: nn.Module, batch: Batch) -> Tensor:
    """The objective of every model that writes: the next token of the answers of a batch."""
    assert isinstance(model, Generates)
    return next_token(model, batch.to(next(model.parameters()).device))
