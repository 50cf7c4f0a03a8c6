"""Steps in parts whose parts depend on each other: what can be asked of a learner beside the loss of a batch.

A learner is asked through its one door, `learner(...)`, and not around it: what spreads it over ranks must see it work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seeread.training.keeping.chance import chance, restore_chance


@dataclass(frozen=True)
class Share:
    """Asks for what a part adds to the loss of the step; `whole` is what must be known of the step for that."""

    batch: Any
    whole: Tensor


@dataclass(frozen=True)
class Look:
    """Asks for no loss, but for what a part becomes, which is put into `seen`: tensors, one row an example."""

    batch: Any
    seen: list[tuple[Tensor, ...]]


@dataclass(frozen=True)
class Pull:
    """Asks for what a part adds to the loss of the step, where its tensors are pulled along `gradients`."""

    batch: Any
    whole: Any
    gradients: tuple[Tensor, ...]

    def on(self, tensors: Sequence[Tensor]) -> Tensor:
        """Zero, (), with these gradients."""
        pairs = zip(tensors, self.gradients, strict=True)
        return torch.stack([((tensor - tensor.detach()) * pull).sum() for tensor, pull in pairs]).sum()


def learn(learner: nn.Module, asked: Iterable[Any], count: int) -> Tensor:
    """Add up the gradients of `count` things asked of the learner, whose ranks exchange them once, at the last. The sum
    of the answers, (), detached."""
    total = torch.zeros(())
    for number, each in enumerate(asked, start=1):
        quiet = getattr(learner, "no_sync", nullcontext) if number < count else nullcontext
        with quiet():
            loss: Tensor = learner(each)
            loss.backward()
        total = total.to(loss.device) + loss.detach()
    return total


def learn_together(
    learner: nn.Module, parts: Sequence[Any], loss: Callable[..., Tensor], whole: Any = None
) -> Tensor:
    """Add up the gradients of a loss of what all parts become together, in the memory of one of them (GradCache,
    arXiv:2101.06983). That loss and all that the learner adds to it, (), detached.

    First all parts are looked at without a way back; then `loss` of the tensors of all, one behind the other, says
    where it pulls each row; then each part is computed once more, with the same random numbers, and pulled there. The
    gradients are those of one large batch.
    """
    seen: list[tuple[Tensor, ...]] = []
    stood = []
    with torch.no_grad(), _unseen(learner):
        for part in parts:
            stood.append(chance())
            learner(Look(part, seen))
    rows = [torch.cat(tensors).requires_grad_() for tensors in zip(*seen, strict=True)]
    value = loss(*rows)
    pulls = torch.autograd.grad(value, rows)
    counts = [[len(tensor) for tensor in tensors] for tensors in zip(*seen, strict=True)]
    cuts = zip(*(pull.split(count) for pull, count in zip(pulls, counts, strict=True)), strict=True)

    def asked() -> Iterator[Pull]:
        for part, stand, gradients in zip(parts, stood, cuts, strict=True):
            restore_chance(stand)
            yield Pull(part, whole, gradients)

    return value.detach() + learn(learner, asked(), len(parts))


@contextmanager
def _unseen(learner: nn.Module) -> Iterator[None]:
    """Within, a look is no learning: what norms remember of batches is put back."""
    before = [(buffer, buffer.clone()) for buffer in learner.buffers()]
    yield
    for buffer, was in before:
        buffer.copy_(was)
