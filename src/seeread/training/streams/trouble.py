"""What of the data is broken: counted, listed, and how much of it is too much."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from seeread.errors import DataError
from seeread.training.streams.stream import State

LISTED = 1000
"""Broken examples that are listed with their reasons; all are counted."""

JUDGED_FROM = 100
"""Examples that must have been seen before anything is too much, unless there are fewer."""


class Trouble:
    """Keeps account of examples that were seen and found broken. More than the share `limit` of them is too much; a
    single one never is."""

    def __init__(self, limit: float, size: int | None):
        self.limit, self.size = limit, size
        self.seen = self.missed = 0
        self.why: dict[str, str] = {}

    def note(self, seen: int, broken: Mapping[str, str], missed: int) -> None:
        """So many examples were wanted, and so many times one of the `broken` came up. Raises DataError where that is
        too much."""
        self.seen += seen
        self.missed += missed
        for id, why in broken.items():
            if len(self.why) < LISTED:
                self.why.setdefault(id, why)
        enough = JUDGED_FROM if self.size is None else min(JUDGED_FROM, self.size)
        if self.seen >= enough and len(self.why) > 1 and self.missed > self.limit * self.seen:
            raise too_much(self.missed, self.seen, self.limit, self.why)

    def state(self) -> State:
        """As JSON can hold it."""
        return {"seen": self.seen, "missed": self.missed, "why": dict(self.why)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on counting."""
        self.seen, self.missed, self.why = int(state["seen"]), int(state["missed"]), dict(state["why"])


def too_much(missed: int, seen: int, limit: float, why: Mapping[str, str]) -> DataError:
    """What is said where too much is broken."""
    first = "; ".join(f"{id}: {reason}" for id, reason in islice(why.items(), 3))
    return DataError(
        f"{missed:,} of {seen:,} examples are broken, more than {limit:.2%} of them. The first: {first}. "
        "Mend or remove them, or allow more of them with a larger broken_limit."
    )
