"""The first steps of a run, made and thrown away: how long one takes, which weights learn, and whether it works."""

import statistics
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from seeread.training.follow import follow
from seeread.training.recipe import Recipe
from seeread.training.watching.watcher import Beginning, Moment

STEPS = 3


@dataclass(frozen=True)
class Tried:
    """How many seconds a step takes, None where that was not tried, and how many of all parameters are trained."""

    seconds: float | None
    learning: int
    parameters: int


class _Enough(Exception):  # noqa: N818 (it ends a trial, and is nobody's error)
    pass


@dataclass
class _Clock:
    """Looks at the first steps, and ends the run after them."""

    seconds: list[float] = field(default_factory=list)
    learning: int = 0
    parameters: int = 0

    def began(self, beginning: Beginning) -> None:
        self.learning, self.parameters = beginning.learning, beginning.parameters

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        self.seconds.append(moment.seconds)
        if len(self.seconds) == STEPS:
            raise _Enough

    def ended(self, reason: str | None) -> None:
        """Nothing is kept."""


def attempt(recipe: Recipe) -> Tried:
    """Make the first steps of a recipe, and forget them. Raises what following it would raise."""
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="seeread-trial-") as folder, suppress(_Enough):
        follow(recipe.but(steps=STEPS + 1, save_every=STEPS + 1), Path(folder), watchers=[clock])
    later = clock.seconds[1:]  # the first one also makes ready what all others use
    return Tried(statistics.median(later), clock.learning, clock.parameters)
