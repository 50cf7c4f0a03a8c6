"""Sets that are too large to be looked through before a run: tars, a few of them at a time.

The tars of an epoch are shuffled and taken eight by eight. Of eight the names are looked through (their pictures lie
where they are until they are wanted), and what they hold is shuffled, whole. So every example comes once an epoch, in
an order that depends on the seed alone: ranks and workers take theirs by number, and a run goes on mid-shard from the
number of the eight that it stood in. Each rank looks through the names in all shards, for about a tenth of a
millisecond an example, and reads the pictures of its own share.

The package webdataset deals whole shards to workers and keeps no account of where they stand. That a run goes on bit
for bit, and with another number of ranks, takes an order by number, and then little is left for it to do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from seeread.data.sampling import Shuffled
from seeread.data.sets.item import Item
from seeread.data.sets.layouts.webdataset import WebDataset
from seeread.data.sets.names import numbered_names
from seeread.data.sets.place import look
from seeread.data.sets.splits import by_split, pick
from seeread.errors import DataError
from seeread.preprocessing.image import printable
from seeread.training.streams.stream import State
from seeread.training.streams.units import Unit

MOST_READ = 4 * 2**30
"""Bytes of tars up to which a set is looked through at once, and is one like any other."""

TOGETHER = 8
"""Shards whose examples are shuffled among each other."""


@dataclass(frozen=True)
class Shards:
    """Tars to be learned from one after the other. `labels` are known where a `classnames.txt` says them."""

    name: str
    paths: tuple[Path, ...]
    labels: tuple[str, ...] = ()


def shards_at(path: Path) -> Shards | None:
    """The tars for training at a path, if these are so large that they are to be streamed."""
    place = look(path)
    tars = place.files_of(".tar")
    if not WebDataset().fits(place) or len(tars) < 2 or sum(tar.stat().st_size for tar in tars) <= MOST_READ:
        return None
    parts = by_split(tars)
    _, chosen = (None, parts[None]) if set(parts) == {None} else pick(parts, "train", place.name)
    names = numbered_names(place.folder, None, ("classnames.txt",)) or []
    return Shards(printable(place.folder.name), tuple(chosen), tuple(names))


class ShardDeck:
    """Deals what can be learned from shards; `units` makes it of the items of some of them. See `Deck`."""

    def __init__(self, shards: Shards, units: Callable[[Sequence[Item]], Sequence[Unit]], seed: int):
        self.name, self.shards, self.units, self.seed = shards.name, shards, units, seed
        self.told: Mapping[str, str] = {}
        self._groups = -(-len(shards.paths) // TOGETHER)
        self._shuffled = Shuffled(len(shards.paths), 1, seed)
        self._first = {0: 0}  # the first turn of each group of shards that was come to
        self._lock = RLock()
        self._groups_read: dict[int, Sequence[Unit]] = {}

    @property
    def size(self) -> None:
        """Nobody has counted them."""

    def unit(self, turn: int, attempt: int = 0) -> Unit:
        """That of the turn. Raises DataError for a shard that is not there, or holds nothing that can be learned."""
        group, units = self._at(turn)
        order = Shuffled(len(units), 1, self.seed + 1).order(group)
        return units[int(order[(turn - self._first[group] + attempt) % len(units)])]

    def mark(self, turn: int) -> State:
        """The group of shards, counted from the beginning of the run, and its first turn."""
        group, _ = self._at(turn)
        return {"group": group, "turn": self._first[group]}

    def stand(self, mark: Mapping[str, Any]) -> None:
        """Forget what lies before, which need not be looked through again."""
        with self._lock:
            self._first = {0: 0, int(mark["group"]): int(mark["turn"])}

    def _at(self, turn: int) -> tuple[int, Sequence[Unit]]:
        """The group that a turn falls into, and its units."""
        with self._lock:
            group = max(group for group, first in self._first.items() if first <= turn)
            while turn >= self._first[group] + len(units := self._group(group)):
                self._first[group + 1] = self._first[group] + len(units)
                group += 1
            return group, units

    def _group(self, group: int) -> Sequence[Unit]:
        """What can be learned from a group. The last three are remembered."""
        if group not in self._groups_read:
            self._groups_read = {each: self._groups_read[each] for each in list(self._groups_read)[-2:]}
            self._groups_read[group] = self._read(group)
        return self._groups_read[group]

    def _read(self, group: int) -> Sequence[Unit]:
        epoch, place = divmod(group, self._groups)
        chosen = self._shuffled.order(epoch)[place * TOGETHER : (place + 1) * TOGETHER]
        items: list[Item] = []
        for number in chosen.tolist():
            path = self.shards.paths[number]
            found = WebDataset().read(look(path), None)
            self.told = {**self.told, **found.broken}
            if not len(self.units(found.items)):
                why = "; ".join(f"{where}: {reason}" for where, reason in list(found.broken.items())[:3])
                raise DataError(
                    f"{printable(str(path))} holds nothing that can be learned{f' ({why})' if why else ''}. "
                    "Copy it again, or move it away."
                )
            items += found.items
        return self.units(items)
