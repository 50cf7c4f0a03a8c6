"""The examples of a portion in the order in which they come."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Protocol

import torch
from torch import Tensor

from seeread.data.sampling import Shuffled
from seeread.training.streams.stream import State
from seeread.training.streams.units import Unit


class Deck(Protocol):
    """Deals the examples of a portion. Which one comes when depends on the seed and nothing else."""

    name: str
    told: Mapping[str, str]
    """What is known to be broken before it is dealt: why, by where it stands."""

    @property
    def size(self) -> int | None:
        """How many there are; None where nobody has counted them."""
        ...

    def unit(self, turn: int, attempt: int = 0) -> Unit:
        """The example that comes after `turn` others. Where it is broken, the next `attempt` gives the one that is
        learned from in its place."""
        ...

    def mark(self, turn: int) -> State:
        """What a deck must be told to go on from that turn without going through all before it."""
        ...

    def stand(self, mark: State) -> None:
        """Be ready to go on from there."""
        ...


class SetDeck:
    """All units of a set once an epoch, in an order drawn anew for each. Epochs follow each other without a gap. In the
    place of a unit that is broken comes the next in the order of the epoch, which has its own turn as well.

    With `steps`, which gives the step of each of so many turns from the first on, units of the same `kind` are kept out
    of each other's steps, by coming a few steps later, as far as that goes: see `spread`.
    """

    def __init__(
        self,
        name: str,
        units: Sequence[Unit],
        seed: int,
        kinds: Sequence[str | None] = (),
        steps: Callable[[int, int], Tensor] | None = None,
        told: Mapping[str, str] | None = None,
    ):
        self.name, self.units, self.kinds, self.steps, self.told = name, units, kinds, steps, told or {}
        self._shuffled = Shuffled(len(units), 1, seed)
        self._lock = Lock()
        self._orders: dict[int, Tensor] = {}

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.units)

    def unit(self, turn: int, attempt: int = 0) -> Unit:
        """That of the turn."""
        epoch, place = divmod(turn, len(self.units))
        return self.units[int(self.order(epoch)[(place + attempt) % len(self.units)])]

    def mark(self, turn: int) -> State:
        """Nothing: any turn is as near as any other."""
        return {}

    def stand(self, mark: State) -> None:
        """Nothing has to be done."""

    def order(self, epoch: int) -> Tensor:
        """(units,) the places of an epoch. Those of the last few epochs are remembered."""
        if self.steps is None:
            return self._shuffled.order(epoch)
        with self._lock:  # threads ask for the same epoch at once, and it may take a second
            if epoch not in self._orders:
                self._orders = {each: self._orders[each] for each in list(self._orders)[-2:]}
                self._orders[epoch] = self._spread(epoch, self.steps)
            return self._orders[epoch]

    def _spread(self, epoch: int, steps: Callable[[int, int], Tensor]) -> Tensor:
        order = self._shuffled.order(epoch)
        _, sizes = steps(epoch * self.size, self.size).unique_consecutive(return_counts=True)
        return torch.tensor(spread(order.tolist(), self.kinds, sizes.tolist()))


_FAR = 4  # times the size of a step: how many are looked through for one of another kind


def spread(order: Sequence[int], kinds: Sequence[str | None], sizes: Sequence[int]) -> list[int]:
    """The same places in an order in which none of the steps, of these sizes, has two of one kind; None is no kind.

    Who would be the second waits for the next step. Where too many wait (a class has more than its share of all), they
    are let in nevertheless: what is learned from must not drift from the frequent to the rare, or back, in an epoch. So
    with fewer classes than examples in a step nearly nothing changes.
    """
    waiting, result = deque(order), []
    for size in sizes:
        chosen: list[int] = []
        later: list[int] = []
        there: set[str | None] = set()
        while waiting and len(chosen) < size and len(later) < _FAR * size:
            place = waiting.popleft()
            kind = kinds[place]
            (later if kind is not None and kind in there else chosen).append(place)
            there.add(kind)
        waiting.extendleft(reversed(later))
        result += chosen + [waiting.popleft() for _ in range(size - len(chosen))]
    return result
