"""Writing: the next token of an answer."""

import torch.nn.functional as F
from torch import Tensor, nn

from seeread.interface import Batch, Generates
from seeread.training.objectives.counted import MeanOver


def next_token(model: Generates, batch: Batch) -> Tensor:
    """Mean cross-entropy, in nats, of the answers of a batch, each token given all before it. Prompts teach nothing.

    Of an encoder-decoder too: what foretells the first token of an answer stands at the last of its prompt.
    """
    return surprise(model, batch) / answers(batch)


def surprise(model: Generates, batch: Batch) -> Tensor:
    """The sum of these cross-entropies, (), in nats."""
    targets = batch.targets()
    learned = targets >= 0
    return F.cross_entropy(
        model.logits(model.read(batch)[learned]).float(), targets[learned], reduction="sum"
    )


def answers(batch: Batch) -> Tensor:
    """How many tokens of a batch are learned from, ()."""
    return (batch.targets() >= 0).sum()


def _total(model: nn.Module, batch: Batch) -> Tensor:
    assert isinstance(model, Generates)
    return surprise(model, batch.to(next(model.parameters()).device))


writing = MeanOver(_total, answers)
"""The objective of every model that writes: the next token of the answers of a `Batch`. All tokens of a step count the
same, in whatever part and on whatever rank they are."""
