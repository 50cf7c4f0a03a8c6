"""Where a run stands: all that it takes to go on with it, and how that becomes tensors and notes and comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from seeread.training.engine.learner import Learner
from seeread.training.keeping.chance import chance, restore_chance
from seeread.training.keeping.checkpoint import Checkpoint
from seeread.training.keeping.terms import check_fit, check_settings, noted
from seeread.training.moving.average import WeightAverage
from seeread.training.ranks.gathering import gather_objects
from seeread.training.ranks.states import full_state, load_state
from seeread.training.ranks.world import World
from seeread.training.settings import Settings
from seeread.training.streams.stream import Stream

LEARNER, AVERAGE, OPTIMIZER = "learner/", "average/", "optimizer/"
"""What the names of tensors in a checkpoint begin with."""


@dataclass
class Standing:
    """What changes while a run goes on. `engine` is the learner as the ranks share it. `step` is the number of steps
    that were made, `bad` of how many of them, to the last, the loss or a gradient was no number. `work` is how many
    operations a step takes, None before that is known; `broken` are the examples that were told of."""

    learner: Learner
    engine: nn.Module
    optimizers: Sequence[torch.optim.Optimizer]
    average: WeightAverage | None
    stream: Stream
    settings: Settings
    world: World
    step: int = 0
    bad: int = 0
    work: float | None = None
    broken: set[str] = field(default_factory=set)

    def tensors(self) -> dict[str, Tensor]:
        """Weights, their average and what the optimizers remember of each, by the names of the weights: on the first
        rank. Every rank must ask."""
        learner, moments = full_state(self.learner, self.optimizers)
        average = full_state(self.average.model)[0] if self.average is not None else {}
        kinds = ((LEARNER, learner), (AVERAGE, average), (OPTIMIZER, moments))
        return {prefix + name: value for prefix, tensors in kinds for name, value in tensors.items()}

    def notes(self) -> dict[str, Any]:
        """All else, of all ranks. Every rank must ask."""
        return {
            "settings": noted(self.settings),
            "bad": self.bad,
            "streams": gather_objects(self.stream.state()),
            "chance": gather_objects(chance()),
        }

    def restore(self, found: Checkpoint | None) -> None:
        """Stand where another run of the same stood, which only the first rank needs to have found; where it found
        none, stay. Every rank must ask.

        Raises UsageError if that run was begun with other settings, DataError if it is that of another model.
        """
        if found is not None:
            check_settings(found.path, found.notes["settings"], self.settings)
            shapes = {name: value.shape for name, value in self.learner.state_dict().items()}
            check_fit(found.path, _under(LEARNER, found.tensors), shapes)
        notes = gather_objects(found.notes if found else None)[0]
        if notes is None:
            return
        tensors = found.tensors if found else {}
        load_state(self.learner, _under(LEARNER, tensors), self.optimizers, _under(OPTIMIZER, tensors))
        if self.average is not None:
            load_state(self.average.model, _under(AVERAGE, tensors))
        self.step, self.bad = notes["step"], notes["bad"]
        own = self.world.rank if len(notes["streams"]) == self.world.size else 0
        self.stream.restore(notes["streams"][own])
        self.broken = set(self.stream.trouble)
        restore_chance(notes["chance"][own])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
