"""A running average of the weights, which generalises better than the last of them."""

import copy

import torch
from torch import nn


class WeightAverage:
    """Exponential moving average of parameters and buffers; `model` is the averaged copy.

    The first steps average over what there is so far, so that the random start leaves no trace.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after `step` (counted from 0)."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        for mean, now in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now.to(mean.dtype), share)
            else:
                mean.copy_(now)
