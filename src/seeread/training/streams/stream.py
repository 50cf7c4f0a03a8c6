"""Batches without end, in an order that can be gone on with."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

State = Mapping[str, Any]
"""What JSON can hold."""


class Stream(Protocol):
    """Gives the batches of a run, one after the other: those of this rank, each a part of a step if steps are worked
    through in parts. The same seed and state give the same batches, bit for bit."""

    def __iter__(self) -> Self: ...

    def __next__(self) -> Any:
        """The next batch, as the objective takes it."""
        ...

    def state(self) -> State:
        """Where the stream stands, after the last batch that it gave, whatever has been read ahead."""
        ...

    def restore(self, state: State) -> None:
        """Stand where another run stood. Raises DataError for the state of another stream."""
        ...

    @property
    def trouble(self) -> Mapping[str, str]:
        """The examples that were passed over since they are broken: why, by id."""
        ...


class Steps:
    """The stream of batches that are a function of their number alone."""

    def __init__(self, batch: Callable[[int], Any]):
        self.batch, self.given = batch, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        made = self.batch(self.given)
        self.given += 1
        return made

    def state(self) -> State:
        """How many batches were given."""
        return {"given": self.given}

    def restore(self, state: State) -> None:
        """Go on behind as many."""
        self.given = int(state["given"])

    @property
    def trouble(self) -> Mapping[str, str]:
        """Nothing is ever broken."""
        return {}
