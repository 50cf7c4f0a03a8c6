"""A picture in equal cells, and maps brought onto them, whatever they are made of."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seeread.errors import UsageError
from seeread.explanation.heatmap import Area

SIDE = 8
"""Rows and columns of cells that a picture is taken apart into: fine enough for a thing of an eighth of its side."""

_FINE = 4  # a map is interpolated so many times finer first, as it is when it is drawn


def on_cells(values: Tensor, area: Area, side: int = SIDE) -> Tensor:
    """(side, side): the mean of a map, (rows, columns) over `area`, in each cell of the picture, interpolated
    bilinearly; nothing (0) where the map does not reach. Raises UsageError for a map that is none."""
    if values.ndim != 2 or not values.numel() or not values.isfinite().all():
        raise UsageError(f"A map of shape {tuple(values.shape)} with finite numbers was expected: (rows, columns).")
    edges = torch.linspace(0, 1, side + 1, dtype=torch.float64)
    return _integral(values, area, edges[:-1], edges[1:], edges[:-1], edges[1:]).float() * side**2


def mass(values: Tensor, area: Area, part: Area) -> float:
    """How much of a map, (rows, columns) over `area`, lies in a part of the picture, as a share of all that lies in
    the picture; 0 of an empty map."""
    ends = [torch.tensor([end], dtype=torch.float64) for end in (part.top, part.bottom, part.left, part.right)]
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    inside, everything = _integral(values, area, *ends), _integral(values, area, zero, one, zero, one)
    return float(inside / everything) if everything > 0 else 0.0


def peak(values: Tensor, area: Area) -> tuple[float, float]:
    """Where on the picture a map is hottest: the middle of its hottest place, x and y as shares of the picture."""
    row, column = divmod(int(values.argmax()), values.shape[1])
    x = area.left + (column + 0.5) / values.shape[1] * (area.right - area.left)
    y = area.top + (row + 0.5) / values.shape[0] * (area.bottom - area.top)
    return x, y


def _integral(values: Tensor, area: Area, tops: Tensor, bottoms: Tensor, lefts: Tensor, rights: Tensor) -> Tensor:
    """(tops, lefts): of the map over each rectangle, in shares of the picture's area."""
    fine = F.interpolate(values[None, None].double(), scale_factor=_FINE, mode="bilinear")[0, 0]
    down = _overlap(tops, bottoms, area.top, area.bottom, fine.shape[0])
    across = _overlap(lefts, rights, area.left, area.right, fine.shape[1])
    return down @ fine @ across.T


def _overlap(starts: Tensor, stops: Tensor, first: float, last: float, count: int) -> Tensor:
    """(intervals, count): how long each interval shares with each of `count` equal parts between `first` and `last`."""
    edges = torch.linspace(first, last, count + 1, dtype=torch.float64)
    return (torch.minimum(stops[:, None], edges[1:]) - torch.maximum(starts[:, None], edges[:-1])).clamp(min=0)
