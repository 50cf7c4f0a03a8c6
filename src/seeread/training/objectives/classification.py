"""Classification: which of its classes a picture shows."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.interface import Classifies, Images
from seeread.training.objectives.counted import MeanOver


def _total(model: nn.Module, batch: tuple[Images, Tensor]) -> Tensor:
    assert isinstance(model, Classifies)
    device = next(model.parameters()).device
    images, labels = batch
    return F.cross_entropy(model.classify(images.to(device)).float(), labels.to(device), reduction="sum")


def _count(batch: tuple[Images, Tensor]) -> Tensor:
    return torch.tensor(len(batch[1]), device=batch[1].device)


classification = MeanOver(_total, _count)
"""The objective of a model with classes of its own (Perceiver, a linear probe): cross-entropy, in nats, on pictures and
the numbers of their classes, (images,)."""
