"""Choosing: the class of a picture, or what stood in a gap."""

import torch.nn.functional as F
from torch import Tensor, nn

from seeread.data.masking import Masked
from seeread.interface import Classifies, Fills, Images


def classification(model: nn.Module, batch: tuple[Images, Tensor]) -> Tensor:
    """The objective of a model with classes of its own (Perceiver): cross-entropy, in nats, on pictures and the numbers
    of their classes, (images,)."""
    assert isinstance(model, Classifies)
    device = next(model.parameters()).device
    images, labels = batch
    return F.cross_entropy(model.classify(images.to(device)).float(), labels.to(device))


def filling(model: nn.Module, batch: Masked) -> Tensor:
    """The objective of a masked language model (Perceiver IO): cross-entropy, in nats, where something was hidden."""
    assert isinstance(model, Fills)
    batch = batch.to(next(model.parameters()).device)
    logits = model.fill(batch.tokens, batch.valid)[batch.hidden]
    return F.cross_entropy(logits.float(), batch.truth[batch.hidden])
