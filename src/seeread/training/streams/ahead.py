"""Values made before they are asked for, on threads, in their order.

Threads and not processes: nearly all of the time goes into decoding, resizing and splitting texts into tokens, which
release Python's lock. Threads share one memory, so that a picture is kept once, and they cannot outlive the process.
"""

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Made = TypeVar("Made")
Given = TypeVar("Given")
Result = TypeVar("Result")

DEPTH = 2
"""Batches that are made ahead."""


class Workers:
    """So many threads for the examples of batches, and one for each batch that is made ahead; with none all is done by
    whoever asks. They end with `close`, and when nobody holds this any more."""

    def __init__(self, count: int):
        self.count = count
        self._pools = (
            [ThreadPoolExecutor(count, "examples"), ThreadPoolExecutor(DEPTH, "batches")] if count else []
        )
        self._end = weakref.finalize(self, _end, self._pools, False)

    def map(self, function: Callable[[Given], Result], values: Iterable[Given]) -> Iterator[Result]:
        """The results in their order."""
        return self._pools[0].map(function, values) if self._pools else map(function, values)

    def later(self, function: Callable[[Given], Result], value: Given) -> "Future[Result] | None":
        """What will be the result; None where it has to be made when it is wanted."""
        return self._pools[1].submit(function, value) if self._pools else None

    def close(self) -> None:
        """What is being made comes to its end, and nothing else is. Whoever asks from now on has to do it all."""
        self._end.detach()
        _end(self._pools, True)
        self._pools = []


class Ahead(Generic[Made]):
    """Makes the values of some numbers, `step` apart, before they are asked for."""

    def __init__(self, make: Callable[[int], Made], step: int, workers: Workers):
        self.make, self.step, self.workers = make, step, workers
        self._coming: deque[tuple[int, Future[Made]]] = deque()

    def __call__(self, number: int) -> Made:
        """The value of a number; those of the next ones are then being made."""
        if self._coming and self._coming[0][0] != number:
            self.forget()
        if not self._coming and (first := self.workers.later(self.make, number)) is not None:
            self._coming.append((number, first))
        while self._coming and len(self._coming) <= DEPTH:
            following = self._coming[-1][0] + self.step
            future = self.workers.later(self.make, following)
            assert future is not None
            self._coming.append((following, future))
        if not self._coming:
            return self.make(number)
        return self._coming.popleft()[1].result()

    def forget(self) -> None:
        """What was made ahead is not wanted."""
        for _, future in self._coming:
            future.cancel()
        self._coming.clear()


def _end(pools: list[ThreadPoolExecutor], wait: bool) -> None:
    """Nobody is waited for where the last one to hold the workers may have been one of them."""
    for pool in reversed(pools):  # batches first: they wait for examples
        pool.shutdown(wait=wait, cancel_futures=True)
