"""Comparing: which picture belongs to which text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.interface import Compares, Images
from seeread.training.objectives.parts import Look, Pull, learn_together
from seeread.training.objectives.tiled import tiled_info_nce, tiled_sigmoid
from seeread.training.ranks.gathering import alone, gather

Loss = Callable[[Tensor], Tensor]
"""Of logits (pairs, pairs), whose diagonal are the true pairs, a number."""


def info_nce(logits: Tensor) -> Tensor:
    """Symmetric InfoNCE (CLIP, arXiv:2103.00020): each picture picks its text out of all, each text its picture.

    Of logits (pairs, pairs) whose diagonal are the true pairs, the mean of both cross-entropies in nats.
    """
    truth = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, truth) + F.cross_entropy(logits.T, truth)) / 2


def pairwise_sigmoid(logits: Tensor) -> Tensor:
    """SigLIP's loss (arXiv:2303.15343): each picture and text of the batch, a pair or not, on its own.

    Of logits (pairs, pairs), the summed binary cross-entropy over all combinations, divided by the pairs.
    """
    signs = 2 * torch.eye(len(logits), device=logits.device, dtype=logits.dtype) - 1
    return -F.logsigmoid(signs * logits).sum() / len(logits)


LOSSES = {"softmax": info_nce, "sigmoid": pairwise_sigmoid}


@dataclass(frozen=True)
class Contrast:
    """The objective of models that compare: every picture of a step with every text of it, whatever parts and ranks the
    step is worked through in. A batch is pictures (pairs, 3, height, width) and tokens (pairs, tokens).

    The loss is the one that the model says it has, and never holds all logits (`tiled`); or it is `loss`, of the logits
    of all pairs of the step, which then are held on every rank.
    """

    loss: Loss | None = None

    def __call__(self, model: nn.Module, batch: Any) -> Tensor:
        """The loss of a batch, (), or what is asked of a part of a step."""
        match batch:
            case Look():
                batch.seen.append(_embedded(model, batch.batch))
                return torch.zeros(())
            case Pull():
                return batch.on(_embedded(model, batch.batch))
        return compared(self.loss, *_embedded(model, batch))

    def backward(self, learner: nn.Module, parts: Sequence[Any]) -> Tensor:
        """Adds up the gradients of a step. Its loss, (), detached."""
        return learn_together(learner, parts, partial(compared, self.loss))


def contrastive(loss: Loss | None = None) -> Contrast:
    """The objective of a dual encoder: its own loss, or another of its logits."""
    return Contrast(loss)


def compared(
    loss: Loss | None, images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor | None = None
) -> Tensor:
    """The loss of what `to_compare` gives, of all ranks, in float32: `loss` of the logits, or, if that is None, softmax
    without a bias and sigmoid with one. Of several scales (one a part of a step) the mean counts; they are equal."""
    with torch.autocast(images.device.type, enabled=False):
        scale = scale.mean(dim=0, keepdim=True)
        bias = None if bias is None else bias.mean(dim=0, keepdim=True)
        first = 0 if alone() else dist.get_rank() * len(images)
        texts = gather(texts)
        if loss is not None:
            logits = scale * (gather(images) @ texts.T)
            return loss(logits if bias is None else logits + bias)
        if bias is None:
            return tiled_info_nce(images, texts, scale, first)
        return tiled_sigmoid(images, texts, scale, bias, first)


def to_compare(model: Compares, images: Tensor, texts: Tensor) -> tuple[Tensor, ...]:
    """Unit vectors, (pairs, dimension), and what makes logits of their cosines: a scale, (1,), and a bias, (1,), where
    the model judges each pair on its own. A comparison with itself and one with nothing tell them."""
    with torch.autocast(images.device.type, enabled=False):
        one = torch.eye(1, images.shape[1], device=images.device)
        bias = model.compare(one, torch.zeros_like(one)).float().view(1)
        scale = model.compare(one, one).float().view(1) - bias
    vectors = images.float(), texts.float(), scale
    return (*vectors, bias) if model.loss == "sigmoid" else vectors


def _embedded(model: nn.Module, batch: tuple[Images, Tensor]) -> tuple[Tensor, ...]:
    assert isinstance(model, Compares)
    device = next(model.parameters()).device
    images, tokens = batch
    return to_compare(model, model.embed_image(images.to(device)), model.embed_text(tokens.to(device)))
