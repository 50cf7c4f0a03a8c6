"""The examples of a portion in the order in which they come."""

from collections.abc import Sequence
from typing import Protocol

from seeread.data.sampling import Shuffled
from seeread.training.streams.stream import State
from seeread.training.streams.units import Unit


class Deck(Protocol):
    """Deals the examples of a portion. Which one comes when depends on the seed and nothing else."""

    name: str

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
    place of a unit that is broken comes the next in the order of the epoch, which has its own turn as well."""

    def __init__(self, name: str, units: Sequence[Unit], seed: int):
        self.name, self.units = name, units
        self._shuffled = Shuffled(len(units), 1, seed)

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.units)

    def unit(self, turn: int, attempt: int = 0) -> Unit:
        """That of the turn."""
        epoch, place = divmod(turn, len(self.units))
        return self.units[int(self._shuffled.order(epoch)[(place + attempt) % len(self.units)])]

    def mark(self, turn: int) -> State:
        """Nothing: any turn is as near as any other."""
        return {}

    def stand(self, mark: State) -> None:
        """Nothing has to be done."""
