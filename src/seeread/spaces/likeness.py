"""Which pictures are like which: neighbours, near copies, and those that are like no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import torch
from PIL import Image
from torch import Tensor

from seeread.data.duplicates import fingerprints, near_copies
from seeread.pretrained import Progress

_BLOCK = 2048
_AROUND = 10  # neighbours whose distance tells how lonely a picture is
_FAR = 3.5  # the modified z-score from which on a value stands out (Iglewicz and Hoaglin, 1993)


@dataclass(frozen=True)
class Outlier:
    """A picture that is like no other: its place, and the mean cosine with the ten that are most like it."""

    picture: int
    likeness: float


def neighbours(vectors: Tensor, among: Tensor | None = None, top: int = 8) -> tuple[Tensor, Tensor]:
    """For each unit vector (points, dimension) the places (points, top) of those most like it, and their cosines: in
    `among`, or in the set itself without itself."""
    others = vectors if among is None else among
    top = min(top, len(others) - (among is None))
    parts = []
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ others.T
        if among is None:
            own = torch.arange(len(alike))
            alike[own, own + start] = -torch.inf
        parts.append(alike.topk(max(top, 0), dim=1))
    if not parts:
        return torch.empty(0, 0, dtype=torch.long), torch.empty(0, 0)
    return torch.cat([part.indices for part in parts]), torch.cat([part.values for part in parts])


def outliers(vectors: Tensor) -> list[Outlier]:
    """The pictures that stand out by how little they are like their nearest, the loneliest first: further from what is
    usual than 3.5 robust deviations. Among fewer than twelve nobody can tell."""
    if len(vectors) < _AROUND + 2:
        return []
    likeness = neighbours(vectors, top=_AROUND)[1].mean(dim=1)
    usual = likeness.median()
    deviation = 1.4826 * (likeness - usual).abs().median().clamp_min(1e-6)
    lonely = ((usual - likeness) / deviation > _FAR).nonzero().flatten()
    ordered = lonely[likeness[lonely].argsort()]
    return [Outlier(int(place), float(likeness[place])) for place in ordered]


def copies(
    thumbnails: Sequence[bytes], reading: Progress | None = None, comparing: Progress | None = None
) -> list[tuple[int, ...]]:
    """The places of pictures that are near copies of each other, in groups, the largest first. Progress is shown for
    both halves of the work: of thousands of drawings on white the second takes longer."""
    prints = fingerprints([Image.open(BytesIO(jpeg)) for jpeg in thumbnails], reading)
    return groups(near_copies(prints, prints, comparing))


def groups(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Pairs as groups, the largest first: that which has most partners comes first in its group, and then these. Nobody
    is in two groups, and nobody in one through others alone: chains of likeness lead far away."""
    partners: dict[int, set[int]] = {}
    for one, other in pairs:
        partners.setdefault(one, set()).add(other)
        partners.setdefault(other, set()).add(one)
    found = []
    for leader in sorted(partners, key=lambda place: (-len(partners[place]), place)):
        free = sorted(place for place in partners.get(leader, ()) if place in partners)
        if leader in partners and free:
            found.append((leader, *free))
            for place in (leader, *free):
                del partners[place]
    return sorted(found, key=lambda group: (-len(group), group))
