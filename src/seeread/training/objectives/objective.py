"""What a model is trained to do."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn


class Objective(Protocol):
    """The loss of a model on a batch, whatever a batch is to that objective: one number, a mean over its examples.

    Across ranks each gives the loss of its own share, and the mean of these over the ranks is the loss of all.
    """

    def __call__(self, model: nn.Module, batch: Any) -> Tensor:
        """The loss, (); it can be differentiated."""
        ...


@runtime_checkable
class Backpropagates(Protocol):
    """An objective whose parts of a batch depend on each other, so that a trainer cannot simply add up the gradients of
    the parts (contrast: every picture is compared with the texts of all parts)."""

    def backward(self, learner: nn.Module, parts: Sequence[Any]) -> Tensor:
        """Adds the gradients of the whole batch, given in parts, to those of the weights. The loss, (), detached."""
        ...
