"""Comparing: which picture belongs to which text."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.interface import Compares, Images
from seeread.training.objectives.objective import Objective


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


def contrastive(loss: Callable[[Tensor], Tensor]) -> Objective:
    """The objective of a dual encoder: `loss` of its logits on a batch of pictures (pairs, 3, height, width) and tokens
    (pairs, tokens)."""

    def objective(model: nn.Module, batch: tuple[Images, Tensor]) -> Tensor:
        assert isinstance(model, Compares)
        device = next(model.parameters()).device
        images, tokens = batch
        vectors = model.embed_image(images.to(device)), model.embed_text(tokens.to(device))
        return loss(model.compare(*vectors).float())

    return objective
