"""Filling: what stood where a text has gaps."""

import torch.nn.functional as F
from torch import Tensor, nn

from seeread.data.masking import Masked
from seeread.interface import Fills
from seeread.training.objectives.counted import MeanOver


def _total(model: nn.Module, batch: Masked) -> Tensor:
    assert isinstance(model, Fills)
    batch = batch.to(next(model.parameters()).device)
    logits = model.fill(batch.tokens, batch.valid)[batch.hidden]
    return F.cross_entropy(logits.float(), batch.truth[batch.hidden], reduction="sum")


def _count(batch: Masked) -> Tensor:
    return batch.hidden.sum()


filling = MeanOver(_total, _count)
"""The objective of a masked language model (Perceiver IO): cross-entropy, in nats, where something was hidden."""
