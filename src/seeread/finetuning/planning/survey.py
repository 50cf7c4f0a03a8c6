"""A look through a set before anything is learned from it: which pictures are broken, and which are there twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from seeread.data.duplicates import Fingerprints, fingerprints, near_copies
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.errors import SeereadError
from seeread.preprocessing.image import open_image
from seeread.pretrained import Progress

MOST = 20_000
"""Pictures that are opened to see what a set is like. Of a larger one as many are drawn; others that are broken are
passed over when their turn comes."""


@dataclass(frozen=True)
class Survey:
    """`data` is the set without what is broken; `broken` says why, by id, with what could not even be read as a part of
    the set. `copies` are pairs of ids of pictures that are near copies of each other, the earlier one first. `opened`
    is how many pictures were looked at; `prints` are the fingerprints of those of `data`, if that was all of them."""

    data: DataSet
    opened: int
    broken: Mapping[str, str] = field(default_factory=dict)
    copies: tuple[tuple[str, str], ...] = ()
    prints: Fingerprints | None = None

    @property
    def repeated(self) -> int:
        """How many pictures are copies of an earlier one."""
        return len({later for _, later in self.copies})


def survey(data: DataSet, progress: Progress | None = None) -> Survey:
    """Open the pictures of a set, and compare them with each other."""
    seen = data.some(MOST)
    prints = fingerprints([item.picture for item in seen.items], progress)
    found = {item.id: _reason(item) for item, read in zip(seen.items, prints.read, strict=True) if not read}
    copies = tuple((seen.items[one].id, seen.items[other].id) for one, other in near_copies(prints, prints))
    whole = replace(data, items=tuple(item for item in data.items if item.id not in found)) if found else data
    read = prints.read
    kept = (
        Fingerprints(prints.hashes[read], prints.thumbnails[read], read[read])
        if len(seen) == len(data)
        else None
    )
    return Survey(whole, len(seen), {**data.broken, **found}, copies, kept)


def _reason(item: Item) -> str:
    try:
        open_image(item.source)
    except SeereadError as error:
        return str(error)
    return "it could not be opened a moment ago"
