"""The model that a run shows: to those who measure and watch it, and at its end."""

import copy

from torch import nn

from seeread.training.engine.learner import Learner
from seeread.training.moving.average import WeightAverage
from seeread.training.ranks.states import full_state, load_state
from seeread.training.ranks.world import World
from seeread.training.ranks.wrap import wrapped
from seeread.training.settings import Settings


class Shown:
    """`model` is the average of what learns, if there is one, and else what learns.

    Where ranks have only parts of the weights, no rank can look at them alone: `model` is a whole copy then, which
    `refresh` brings up to date. To be made before the learner is shared out.
    """

    def __init__(self, learner: Learner, settings: Settings, world: World):
        model = learner.model
        self.average: WeightAverage | None = None
        self.parts: nn.Module | None = None
        self.model = model
        sharded = world.size > 1 and settings.sharding == "fsdp"
        if sharded:
            self.model = copy.deepcopy(model)
            self.parts = model
        if settings.average is not None:
            self.average = WeightAverage(model, settings.average)
            wrapped(self.average.model, settings, world) if sharded else self.average.model.to(world.device)
            if sharded:
                self.parts = self.average.model
            else:
                self.model = self.average.model

    def refresh(self) -> None:
        """Bring the model up to date. Every rank must call this."""
        if self.parts is not None:
            load_state(self.model, full_state(self.parts)[0])
