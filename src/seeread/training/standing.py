"""Where a run stands: all that it takes to go on with it, and how that becomes tensors and notes and comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seeread.training.keeping.chance import chance, restore_chance
from seeread.training.keeping.checkpoint import Checkpoint
from seeread.training.keeping.terms import check_fit, check_settings, noted
from seeread.training.learner import Learner
from seeread.training.moving.average import WeightAverage
from seeread.training.ranks.gathering import gather_objects
from seeread.training.ranks.world import World
from seeread.training.settings import Settings
from seeread.training.streams.stream import Stream


@dataclass
class Standing:
    """What changes while a run goes on. `engine` is the learner as the ranks share it. `step` is the number of steps
    that were made, `bad` of how many of them, to the last, the loss or a gradient was no number."""

    learner: Learner
    engine: nn.Module
    optimizers: Sequence[torch.optim.Optimizer]
    average: WeightAverage | None
    stream: Stream
    settings: Settings
    world: World
    step: int = 0
    bad: int = 0

    def tensors(self) -> dict[str, Tensor]:
        """Weights, their average and what the optimizers remember of each, by the names of the weights."""
        tensors = {f"learner/{name}": value for name, value in self.learner.state_dict().items()}
        if self.average is not None:
            tensors |= {f"average/{name}": value for name, value in self.average.model.state_dict().items()}
        names = {weight: name for name, weight in self.learner.named_parameters()}
        for optimizer in self.optimizers:
            for weight, remembered in optimizer.state.items():
                tensors |= {f"optimizer/{names[weight]}/{key}": value for key, value in remembered.items()}
        return tensors

    def notes(self) -> dict[str, Any]:
        """All else, of all ranks. Every rank must ask."""
        return {
            "settings": noted(self.settings),
            "bad": self.bad,
            "streams": gather_objects(self.stream.state()),
            "chance": gather_objects(chance()),
        }

    def restore(self, found: Checkpoint) -> None:
        """Stand where another run of the same stood.

        Raises UsageError if it was begun with other settings, DataError if it is that of another model.
        """
        check_settings(found.path, found.notes["settings"], self.settings)
        saved = _under("learner/", found.tensors)
        check_fit(found.path, saved, {name: value.shape for name, value in self.learner.state_dict().items()})
        self.learner.load_state_dict(saved)
        if self.average is not None:
            self.average.model.load_state_dict(_under("average/", found.tensors))
        weights = dict(self.learner.named_parameters())
        owner = {
            id(weight): optimizer
            for optimizer in self.optimizers
            for group in optimizer.param_groups
            for weight in group["params"]
        }
        for name, value in _under("optimizer/", found.tensors).items():
            of, key = name.rsplit("/", 1)
            state: dict[str, Tensor] = owner[id(weights[of])].state[weights[of]]
            state[key] = value.to(weights[of].device, copy=True)
        self.step, self.bad = found.notes["step"], found.notes["bad"]
        self.stream.restore(found.notes["streams"][self.world.rank])
        restore_chance(found.notes["chance"][self.world.rank])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
