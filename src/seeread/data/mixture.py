"""A mixture of sources and exercises: which lessons a training step has, by seed and step alone."""

import random
from collections.abc import Sequence
from math import ceil, isfinite

from seeread.data.example import Example
from seeread.data.lessons.lesson import Exercise, Lesson
from seeread.data.sampling import Mixed, Shuffled
from seeread.errors import DataError, UsageError


class Part:
    """Examples, the exercise that makes lessons of them, and how much of the mixture they are: `weight` compares with
    those of the other parts, and is the number of usable examples if it is not given.

    Examples that the exercise cannot use are left out; `skipped` counts them. Raises DataError if that is all.
    """

    def __init__(self, examples: Sequence[Example], exercise: Exercise, weight: float | None = None):
        name = type(exercise).__name__
        self.exercise, self.usable = exercise, [example for example in examples if exercise.takes(example)]
        self.skipped = len(examples) - len(self.usable)
        self.share = float(len(self.usable)) if weight is None else weight
        if not self.usable:
            raise DataError(
                f"{name} needs {exercise.needs}, and none of {len(examples)} examples has it. "
                "Give it other examples, or leave it out."
            )
        if not (isfinite(self.share) and self.share > 0):
            raise UsageError(f"{name}: a weight of {weight} makes no sense. Weights are above 0.")


class Mixture:
    """An endless stream of lessons, `batch` a step, without a state: a run can go on from any step.

    Shares are the weights to the power of 1 / `temperature` (T5, arXiv:1910.10683, section 3.5.2): the larger it is,
    the more alike they become. In every 4,096 lessons each part has its share exactly, in a random order; within a part
    every example comes once before any comes again, in an order drawn anew each time.
    """

    def __init__(self, parts: Sequence[Part], batch: int, seed: int = 0, temperature: float = 1.0):
        if not parts or batch < 1 or not temperature > 0:
            raise UsageError("A mixture needs at least one part, one lesson a step, and a temperature above 0.")
        self.parts, self.batch, self.seed = tuple(parts), batch, seed
        self._mixed = Mixed([part.share ** (1 / temperature) for part in parts], seed)
        self.counts = self._mixed.counts
        self._places = [Shuffled(len(part.usable), 1, seed + 7919 * place) for place, part in enumerate(parts, start=1)]

    def __call__(self, step: int) -> list[Lesson]:
        """The lessons of a step."""
        return [self._lesson(number) for number in range(step * self.batch, (step + 1) * self.batch)]

    @property
    def epoch(self) -> int:
        """In how many steps there are as many lessons as all parts together have examples."""
        return ceil(sum(len(part.usable) for part in self.parts) / self.batch)

    def _lesson(self, number: int) -> Lesson:
        """The lesson of that number, counted from the start of the run."""
        which, before = self._mixed(number)
        part, index = self.parts[which], int(self._places[which](before))
        return part.exercise(part.usable[index], random.Random(f"{self.seed} {number}"))
