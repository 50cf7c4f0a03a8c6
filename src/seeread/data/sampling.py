"""Which pictures a training step sees: a function of seed and step alone, so that a run can go on from any step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from seeread.errors import UsageError

BLOCK = 4096
"""Examples in which each part of a mixture has its share exactly. No share can be smaller than one of them."""


@dataclass(frozen=True)
class Shuffled:
    """Every one of `count` pictures once an epoch, in an order drawn anew for each."""

    count: int
    batch: int
    seed: int

    def __call__(self, step: int) -> Tensor:
        """The (batch,) indices of a step; epochs follow each other without a gap."""
        places = torch.arange(step * self.batch, (step + 1) * self.batch)
        epochs, offsets = places // self.count, places % self.count
        picked = [self.order(int(epoch))[offsets[epochs == epoch]] for epoch in epochs.unique()]
        return torch.cat(picked)

    def order(self, epoch: int) -> Tensor:
        """The (count,) indices of an epoch."""
        return _permutation(self.count, self.seed * 1_000_003 + epoch)


@lru_cache(maxsize=64)  # an epoch's order is asked for at each of its steps
def _permutation(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


class Mixed:
    """Which of several parts the examples of a run are of: in every 4,096 of them each part has its share exactly, in a
    random order. Raises UsageError for a part with less than one of them."""

    def __init__(self, weights: Sequence[float], seed: int):
        self.counts = _shares(weights)
        self._block = torch.repeat_interleave(torch.tensor(self.counts))  # (4096,): the part of each, sorted
        self._shuffled = Shuffled(BLOCK, 1, seed)

    def __call__(self, number: int) -> tuple[int, int]:
        """The part that the example of that number is of, and how many of the part come before it."""
        block, place = divmod(number, BLOCK)
        if len(self.counts) == 1:
            return 0, number
        parts = self._block[self._shuffled.order(block)]
        which = int(parts[place])
        return which, block * self.counts[which] + int((parts[:place] == which).sum())


    def numbers(self, which: int, first: int, count: int) -> Tensor:
        """(count,) the numbers of that many examples of a part, those that `first` others of the part come before."""
        each = self.counts[which]
        blocks = range(first // each, (first + count - 1) // each + 1)
        found = [
            torch.nonzero(self._block[self._shuffled.order(block)] == which).flatten() + block * BLOCK
            if len(self.counts) > 1
            else torch.arange(block * BLOCK, (block + 1) * BLOCK)
            for block in blocks
        ]
        return torch.cat(found)[first - blocks[0] * each :][:count]


class DistinctLabels:
    """`batch` pictures of as many different classes: nobody's caption fits another's picture.

    Each class is gone through in a shuffled order of its own before a picture of it comes again.
    """

    def __init__(self, labels: Tensor, batch: int, seed: int):
        self.members = [torch.nonzero(labels == label).flatten() for label in labels.unique()]
        if batch > len(self.members):
            raise ValueError(f"a batch of {batch} needs as many classes; there are {len(self.members)}")
        self.batch, self.seed = batch, seed

    def __call__(self, step: int) -> Tensor:
        """The (batch,) indices of a step."""
        classes = torch.randperm(len(self.members), generator=torch.Generator().manual_seed(self.seed + step))
        turn = step * self.batch // len(self.members)
        return torch.stack([self._member(label, turn) for label in classes[: self.batch].tolist()])

    def _member(self, label: int, turn: int) -> Tensor:
        members = self.members[label]
        return members[Shuffled(len(members), 1, self.seed + label)(turn)[0]]


def _shares(weights: Sequence[float]) -> list[int]:
    """How many examples of a block each part has: the largest remainders are rounded up."""
    exact = [BLOCK * weight / sum(weights) for weight in weights]
    counts = [int(count) for count in exact]
    behind = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
    for place in behind[: BLOCK - sum(counts)]:
        counts[place] += 1
    if not all(counts):
        raise UsageError(f"A part of the mixture has less than one lesson in {BLOCK:,}. Give it more, or leave it out.")
    return counts
