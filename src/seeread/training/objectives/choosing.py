"""Choosing: the class of a picture, or what stood in a gap."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.data.masking import Masked
from seeread.interface import Classifies, Fills, Images
from seeread.training.objectives.counted import MeanOver


def _of_classes(model: nn.Module, batch: tuple[Images, Tensor]) -> Tensor:
    assert isinstance(model, Classifies)
    device = next(model.parameters()).device
    images, labels = batch
    return F.cross_entropy(model.classify(images.to(device)).float(), labels.to(device), reduction="sum")


def _of_gaps(model: nn.Module, batch: Masked) -> Tensor:
    assert isinstance(model, Fills)
    batch = batch.to(next(model.parameters()).device)
    logits = model.fill(batch.tokens, batch.valid)[batch.hidden]
    return F.cross_entropy(logits.float(), batch.truth[batch.hidden], reduction="sum")


classification = MeanOver(_of_classes, lambda batch: torch.tensor(len(batch[1]), device=batch[1].device))
"""The objective of a model with classes of its own (Perceiver, a linear probe): cross-entropy, in nats, on pictures and
the numbers of their classes, (images,)."""

filling = MeanOver(_of_gaps, lambda batch: batch.hidden.sum())
"""The objective of a masked language model (Perceiver IO): cross-entropy, in nats, where something was hidden."""
