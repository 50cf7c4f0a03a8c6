"""What becomes of scores when a part of a picture is taken away, region by region."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn

AT_ONCE = 16
"""So many changed pictures go through a model together."""


@dataclass(frozen=True)
class Region:
    """A part of a picture that is taken away: a rectangle, and what it is called."""

    name: str
    area: Area


@dataclass(frozen=True)
class Effects:
    """`scores` are those of the whole picture, of what `about` names. `changes` has for each region how much each of
    them rose when it was taken away, below zero where it fell: where the answer came from."""

    about: tuple[str, ...]
    scores: tuple[float, ...]
    regions: tuple[Region, ...]
    changes: tuple[tuple[float, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON has it: for each region its rectangle and its changes."""
        regions = [
            {"name": region.name, "area": list(vars(region.area).values()), "changes": list(changes)}
            for region, changes in zip(self.regions, self.changes, strict=True)
        ]
        return {"about": list(self.about), "scores": list(self.scores), "regions": regions}


def cells(rows: int, columns: int, within: Area, wider: float = 1.0) -> list[Region]:
    """A grid over an area, cell by cell in reading order, each `wider` times as wide and as high as would do to cover
    it, about its middle."""
    width, height = (within.right - within.left) / columns, (within.bottom - within.top) / rows
    found = []
    for row in range(rows):
        for column in range(columns):
            x, y = within.left + (column + 0.5) * width, within.top + (row + 0.5) * height
            across, down = wider * width / 2, wider * height / 2
            area = Area(x - across, y - down, x + across, y + down)
            found.append(Region(f"row {row + 1}, column {column + 1}", area))
    return found


def told(about: Sequence[str], scores: Tensor, regions: Sequence[Region], without: Tensor) -> Effects:
    """The scores of the whole picture, (scores,), and those `without` each region, (regions, scores), as effects."""
    changes = (without - scores).tolist()
    return Effects(tuple(about), tuple(scores.tolist()), tuple(regions), tuple(map(tuple, changes)))


def drawn(effects: Effects, rows: int, columns: int, area: Area) -> list[Drawn]:
    """A map of each score, of the effects of a grid: how far it fell without each cell, 0 where it rose."""
    falls = -torch.tensor(effects.changes, dtype=torch.float32)
    return [(fall.clamp(min=0).reshape(rows, columns), area) for fall in falls.T]
