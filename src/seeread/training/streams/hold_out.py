"""Setting a part of a set aside, to measure on what was never learned from."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from seeread.data.duplicates import Fingerprints, fingerprints, near_copies
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.errors import DataError, UsageError
from seeread.pretrained import Progress


def hold_out(
    data: DataSet,
    share: float,
    seed: int,
    most: int,
    *,
    known: Fingerprints | None = None,
    progress: Progress | None = None,
) -> tuple[DataSet, DataSet]:
    """(training, held out): the share of the pictures that is set aside, of each class alike, and at most so many.

    All that is said of a picture stays with it, and near copies of each other stay together, so that nothing is
    measured that was learned. Each class is on both sides if it has two pictures that differ, and if enough may be set
    aside. What cannot be opened is never set aside. Which pictures are is a function of the seed and of their ids:
    their order and what else the set holds move as few as can be. `known` spares looking at the pictures again, for
    whoever has the fingerprints of the items already.

    Raises UsageError for a share that leaves nothing on one side, DataError where no two pictures differ.
    """
    if not 0 < share < 1 or most < 1:
        raise UsageError(
            f"A share of {share} and at most {most} pictures cannot be set aside. Take 0.1, of 1 or more."
        )
    prints = known or fingerprints([item.picture for item in data.items], progress)
    groups = _groups(data.items, prints, seed)
    quotas = _quotas(Counter(item.label for item in data.items), share, most)
    held: set[int] = set()
    for group in groups:
        needed = Counter(data.items[place].label for place in group)
        if all(quotas[label] >= count for label, count in needed.items()) and prints.read[group].all():
            held.update(group)
            quotas.subtract(needed)
    if not held:
        raise DataError(
            f"{data.name}: of its {len(data):,} pictures none can be set aside, since too few of them differ from each "
            "other. Give it more pictures, or another set to measure on."
        )
    items = data.items
    return (
        replace(data, items=tuple(item for place, item in enumerate(items) if place not in held)),
        replace(data, items=tuple(item for place, item in enumerate(items) if place in held), broken={}),
    )


def _groups(items: Sequence[Item], prints: Fingerprints, seed: int) -> list[list[int]]:
    """The places of items that must stay together, in an order drawn by the seed from their ids."""
    leader = list(range(len(items)))

    def first(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    same: dict[Hashable, int] = {}
    for place, item in enumerate(items):
        if isinstance(item.picture, Hashable):  # two rows of a table may be about one file
            leader[first(place)] = first(same.setdefault(item.picture, place))
    for one, other in near_copies(prints, prints):
        leader[first(one)] = first(other)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(items)):
        groups[first(place)].append(place)
    drawn = [hashlib.sha256(f"{seed} {item.id}".encode()).digest() for item in items]
    return sorted(groups.values(), key=lambda group: min(drawn[place] for place in group))


def _quotas(counts: Mapping[str | None, int], share: float, most: int) -> Counter[str | None]:
    """How many pictures of each class may be set aside: their share, one at least and never all, the largest remainders
    rounded up as far as `most` lets them."""
    total = min(most, max(1, round(share * sum(counts.values()))))
    exact = {label: count * total / sum(counts.values()) for label, count in counts.items()}
    quotas = Counter({label: min(int(part), counts[label] - 1) for label, part in exact.items()})
    spare = [label for label in counts if counts[label] > quotas[label] + 1]
    spare.sort(key=lambda label: (quotas[label] > 0, int(exact[label]) - exact[label], str(label)))
    missing = sum(
        quotas[label] == 0 for label in spare
    )  # classes with nothing yet come first, and may pass the share
    for label in spare[: min(most - quotas.total(), max(total - quotas.total(), missing))]:
        quotas[label] += 1
    return quotas
