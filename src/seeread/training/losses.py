"""What models are trained to do: with the similarities of a batch, or with the next token."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.interface import Batch, Generates


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


def contrastive(
    loss: Callable[[Tensor], Tensor], batches: Callable[[int], tuple[Tensor, Tensor]]
) -> Callable[[nn.Module, int], Tensor]:
    """The objective of a dual encoder: `loss` of its logits on the pictures (pairs, 3, height, width) and tokens
    (pairs, tokens) of a step."""

    def objective(model: nn.Module, step: int) -> Tensor:
        device = next(model.parameters()).device
        images, tokens = batches(step)
        return loss(model(images.to(device), tokens.to(device)).float())

    return objective


def next_token(model: Generates, batch: Batch) -> Tensor:
    """Mean cross-entropy, in nats, of the answers of a batch, each token given all before it. Prompts teach nothing."""
    targets = batch.targets()
    learned = targets >= 0
    return F.cross_entropy(model.logits(model.read(batch)[learned]), targets[learned])
