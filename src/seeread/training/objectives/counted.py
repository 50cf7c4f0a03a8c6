"""Means over what batches have more or fewer of, such as tokens, each of which counts the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seeread.training.objectives.parts import Share, learn
from seeread.training.ranks.gathering import mean


@dataclass(frozen=True)
class MeanOver:
    """An objective that is a sum over things of which one batch has more than another, `total` of a model and a batch,
    divided by how many there are, `count` of a batch: on all ranks, and in all parts of a step. A mean of means would
    make more of a word the fewer stand beside it."""

    total: Callable[[nn.Module, Any], Tensor]
    count: Callable[[Any], Tensor]

    def __call__(self, model: nn.Module, batch: Any) -> Tensor:
        """The loss of a batch, (), or what is asked of a part of a step."""
        share = batch if isinstance(batch, Share) else Share(batch, self.counted([batch]))
        return self.total(model, share.batch) / share.whole

    def backward(self, learner: nn.Module, parts: Sequence[Any]) -> Tensor:
        """Adds up the gradients of a step. Its loss, (), detached."""
        whole = self.counted(parts)
        return learn(learner, [Share(part, whole) for part in parts], len(parts))

    def counted(self, parts: Sequence[Any]) -> Tensor:
        """By what a rank divides, (): how many there are in all parts, in the mean over the ranks. 1 if there are none,
        and nothing is to be learned."""
        count = mean(torch.stack([self.count(part) for part in parts]).sum().float())
        return torch.where(count > 0, count, 1)
