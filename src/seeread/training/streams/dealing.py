"""The stream of a run: examples by their numbers, made ahead, the broken ones replaced."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, Self

import torch

from seeread.data.sampling import Mixed
from seeread.errors import DataError, ImageError, TemplateError, UsageError
from seeread.training.streams.ahead import Ahead, Workers
from seeread.training.streams.decks import Deck
from seeread.training.streams.sending import received, sent
from seeread.training.streams.share import Share
from seeread.training.streams.stream import State
from seeread.training.streams.teaching import Ready, Teaching
from seeread.training.streams.trouble import LISTED, Trouble
from seeread.training.streams.units import Unit

IN_A_ROW = 100
"""Broken examples one after the other that stop a run."""


@dataclass
class Order:
    """Which example of which deck has which number in a run."""

    decks: Sequence[Deck]
    mixed: Mixed

    def unit(self, number: int, attempt: int) -> tuple[int, Unit]:
        """The deck and the unit of a number."""
        which, turn = self.mixed(number)
        return which, self.decks[which].unit(turn, attempt)

    def marks(self, number: int) -> list[State]:
        """What the decks must be told to go on from that number."""
        turns = self._turns(number)
        return [deck.mark(turn) for deck, turn in zip(self.decks, turns, strict=True)]

    def _turns(self, number: int) -> list[int]:
        """How many examples of each deck come before a number."""
        turns = [0] * len(self.decks)
        missing = set(range(len(self.decks)))
        while missing:
            which, turn = self.mixed(number)
            if which in missing:
                turns[which] = turn
                missing.discard(which)
            number += 1
        return turns


@dataclass(frozen=True)
class Drawn:
    """What was drawn for a number, the `attempt` that gave it, and the ids of what was broken before, and why."""

    number: int
    attempt: int = 0
    id: str = ""
    ready: Ready = field(default_factory=Ready)
    broken: tuple[tuple[str, str], ...] = ()

    def after(self, id: str, why: str) -> "Drawn":
        """The next attempt, this one being broken."""
        return replace(self, attempt=self.attempt + 1, broken=(*self.broken, (id, why)))


@dataclass(frozen=True)
class Made:
    """A batch, and what was found broken while it was made."""

    batch: Any
    broken: Mapping[str, str]
    missed: int


class Maker:
    """Makes the share of this rank of the part that begins with a number. A function of the number alone: nothing that
    was made before, ahead or elsewhere changes it."""

    def __init__(
        self,
        order: Order,
        teachings: Sequence[Teaching],
        share: Share,
        seed: int,
        workers: Workers,
        device: torch.device,
    ):
        self.order, self.teachings, self.share = order, teachings, share
        self.seed, self.workers, self.device = seed, workers, device

    def __call__(self, first: int) -> Made:
        """The batch, on its way to the device. Raises DataError where too many examples in a row are broken."""
        numbers = self.share.numbers(first)
        drawn = list(self.workers.map(self._example, numbers))
        teaching = self.teachings[0]
        try:
            batch = teaching.batch([each.ready for each in drawn])
        except (UsageError, TemplateError):
            drawn = [self._fitting(each) for each in drawn]
            batch = teaching.batch([each.ready for each in drawn])
        broken = {id: why for each in drawn for id, why in each.broken}
        return Made(sent(batch, self.device), broken, sum(len(each.broken) for each in drawn))

    def _example(self, number: int) -> Drawn:
        """The example of a number, or the first whole one after it."""
        return self._next(Drawn(number))

    def _next(self, drawn: Drawn) -> Drawn:
        """The first whole example from that attempt on."""
        while drawn.attempt < IN_A_ROW:
            which, unit = self.order.unit(drawn.number, drawn.attempt)
            try:
                chance = random.Random(f"{self.seed} {drawn.number}")  # the same for whatever takes the place
                return replace(drawn, id=unit.id, ready=self.teachings[which].example(unit, chance))
            except (DataError, ImageError) as error:
                drawn = drawn.after(unit.id, str(error))
        first = "; ".join(f"{id}: {why}" for id, why in dict(drawn.broken[:3]).items())
        raise DataError(f"{IN_A_ROW} examples in a row are broken. The first: {first}. Look after the data.")

    def _fitting(self, drawn: Drawn) -> Drawn:
        """The same, or the first after it that the model can take by itself: it may be too long for it."""
        teaching = self.teachings[0]
        while True:
            try:
                teaching.batch([drawn.ready])
            except (UsageError, TemplateError) as error:
                shorter = teaching.shorter(drawn.ready)
                drawn = (
                    replace(drawn, ready=shorter)
                    if shorter
                    else self._next(drawn.after(drawn.id, str(error)))
                )
            else:
                return drawn


class Dealt:
    """A stream whose batches are a function of the number of their first example. See `Stream`."""

    def __init__(self, maker: Maker, trouble: Trouble):
        self._maker, self._trouble = maker, trouble
        self._ahead = Ahead(maker, maker.share.part, maker.workers)
        self._first = 0  # the number of the first example that is still to come

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        """The next batch."""
        made = self._ahead(self._first)
        share = self._maker.share
        self._trouble.note(share.part // share.ranks, made.broken, made.missed)
        self._first += share.part
        return received(made.batch, self._maker.device)

    def state(self) -> State:
        """How many examples the run has seen, on all ranks, and what was found broken on this one."""
        return {
            "examples": self._first,
            "order": self._digest(),
            "marks": self._maker.order.marks(self._first),
            "trouble": self._trouble.state(),
        }

    def restore(self, state: State) -> None:
        """Stand where a run with the same data, seed and batch stood, whatever its number of ranks and parts."""
        if state.get("order") != self._digest():
            raise DataError(
                "The run learned from other data, or in another order: its pictures, its seed or its batch have "
                "changed. Give it what it began with, or begin anew in another folder."
            )
        examples = int(state["examples"])
        if examples % self._maker.share.part:
            raise DataError(
                f"The run stands within a step, after {examples:,} examples: go on with as many parts as it had."
            )
        for deck, mark in zip(self._maker.order.decks, state["marks"], strict=True):
            deck.stand(mark)
        self._first = examples
        self._trouble.restore(state["trouble"])

    @property
    def trouble(self) -> Mapping[str, str]:
        """What is broken, by id: first what was found when the sets were read."""
        told = [deck.told.items() for deck in self._maker.order.decks]
        return dict(islice(chain(*told, self._trouble.why.items()), 2 * LISTED))

    @property
    def broken(self) -> int:
        """How many times an example was replaced since it is broken."""
        return self._trouble.missed

    def close(self) -> None:
        """Nothing is made ahead any more. The stream can still be asked, and then makes what it gives itself."""
        self._ahead.forget()
        self._maker.workers.close()

    def _digest(self) -> str:
        order = self._maker.order
        told = [self._maker.seed, self._maker.share.batch, order.mixed.counts]
        told += [[deck.name, deck.size] for deck in order.decks]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
