"""Which examples of a run are those of a rank, in each part of each step."""

from dataclasses import dataclass

from seeread.errors import UsageError
from seeread.training.ranks.world import World
from seeread.training.settings import Settings


@dataclass(frozen=True)
class Share:
    """A step learns from `batch` examples, those of step n from number n * batch on. They are cut into `accumulate`
    parts, one behind the other, and each part into as many shares as there are ranks, in the order of the ranks. So a
    step has the same examples however many ranks and parts there are."""

    batch: int
    accumulate: int
    rank: int
    ranks: int

    @classmethod
    def of(cls, settings: Settings, world: World) -> "Share":
        """Raises UsageError where the batch cannot be divided so."""
        pieces = settings.accumulate * world.size
        if settings.batch < 1 or settings.accumulate < 1 or settings.batch % pieces:
            raise UsageError(
                f"A batch of {settings.batch} cannot be divided by {settings.accumulate} parts and {world.size} "
                f"processes. Take a multiple of {max(pieces, 1)}."
            )
        return cls(settings.batch, settings.accumulate, world.rank, world.size)

    @property
    def part(self) -> int:
        """How many examples all ranks together take at once."""
        return self.batch // self.accumulate

    def numbers(self, first: int) -> range:
        """The numbers of this rank's share of the part that begins with the example of that number."""
        mine = self.part // self.ranks
        return range(first + self.rank * mine, first + (self.rank + 1) * mine)
