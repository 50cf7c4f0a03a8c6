"""A running average of the weights, which generalises better than the last of them."""

import copy

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of what learns; `model` is the averaged copy. What is frozen is not held twice: both
    share it.

    The first steps average over what there is so far, so that the random start leaves no trace. Where ranks have parts
    of the weights only, each averages its own, as soon as `model` has been divided as the one that learns.
    """

    def __init__(self, model: nn.Module, decay: float):
        frozen = {id(weight): weight for weight in model.parameters() if not weight.requires_grad}
        self.model = copy.deepcopy(model, dict(frozen))
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after `step`, counted from 0. Buffers are averaged as well (the means that a ResNet's
        norms keep), but for those that count."""
        means, news = [], []
        for mean, now in zip(tensors(self.model), tensors(model), strict=True):
            if mean is now:
                continue
            if mean.is_floating_point():
                means.append(own(mean))
                news.append(own(now))
            else:
                mean.copy_(now)
        if means:
            torch._foreach_lerp_(means, news, 1 - min(self.decay, (1 + step) / (10 + step)))


def tensors(model: nn.Module) -> list[Tensor]:
    """All parameters and buffers that are saved, each once, whatever shares it."""
    saved = model.state_dict(keep_vars=True)
    return list({id(tensor): tensor for tensor in saved.values()}.values())


def own(tensor: Tensor) -> Tensor:
    """What this rank has of a tensor: all of it, or its part of what is spread over ranks."""
    part: Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part
