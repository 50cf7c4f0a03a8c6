"""Where on a person's picture that lies which a model sees: areas, sheets of cells, and how they become one map."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.interface import Images, Patches, Tiles
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform import ImageTransform, Transform


@dataclass(frozen=True)
class Sheet:
    """A grid of equal cells, in reading order, that lies over an area of a picture."""

    rows: int
    columns: int
    area: Area


def area_of(transform: ImageTransform, width: int, height: int) -> Area:
    """What of a picture of that size, in pixels, enters a model that takes one square."""
    if transform.mode == "squash":
        return Area()
    if transform.mode == "square":
        seen_width = seen_height = float(max(width, height))
    elif transform.mode == "cut":
        side = transform.size[0] / (transform.short_side or transform.size[0]) * min(width, height)
        seen_width = seen_height = side
    else:  # crop, pad: resized first, and then the middle cut out or filled up
        resized_height, resized_width = transform.resized_size(height, width)
        seen_width = transform.size[1] * width / resized_width
        seen_height = transform.size[0] * height / resized_height
    across, down = seen_width / width / 2, seen_height / height / 2
    return Area(0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down)


def seen_area(transform: Transform, width: int, height: int) -> Area:
    """What of a picture of that size, in pixels, all that a model sees of it covers; tiles with the black around."""
    match transform:
        case ImageTransform():
            return area_of(transform, width, height)
        case LineTransform(patch_size=side):  # filled up to whole patches on the right and below
            shown_height, shown_width = transform.resized_size(height, width)
            filled_height, filled_width = (-(-length // side) * side for length in (shown_height, shown_width))
            return Area(0, 0, filled_width / shown_width, filled_height / shown_height)
        case TileTransform(side=side):  # with black around
            rows, columns = transform.grid(height, width)
            shown_height, shown_width = transform.resized_size(height, width)
            left, top = (columns * side - shown_width) // 2, (rows * side - shown_height) // 2
            right, bottom = columns * side - left, rows * side - top
            return Area(-left / shown_width, -top / shown_height, right / shown_width, bottom / shown_height)
    return Area()  # patches of any aspect: all of the picture


def sheets(transform: Transform, images: Images, width: int, height: int, cells: int) -> tuple[Sheet, ...]:
    """The sheets of one picture of that size, in pixels, of which a tower gives so many `cells` a square: one for the
    whole, then one for each tile; a grid of its own for patches; for a video one for each frame."""
    seen, side = seen_area(transform, width, height), isqrt(cells)
    if isinstance(images, Patches):
        rows, columns = images.grid[0].tolist()
        return (Sheet(rows, columns, seen),)
    if not isinstance(images, Tiles):
        frames = len(images if isinstance(images, Tensor) else images.pixels)
        return (Sheet(side, side, seen),) * frames
    rows, columns = images.grids[0].tolist()
    tiles = (_part(seen, row, rows, column, columns) for row in range(rows) for column in range(columns))
    return (Sheet(side, side, Area()), *(Sheet(side, side, tile) for tile in tiles))


def paint(over: Sequence[Sheet], values: Tensor) -> tuple[Tensor, Area]:
    """Sheets as one map, (rows, columns) float32 on the CPU, as fine as the finest of them, and the area that it lies
    over. What a cell has is shared out evenly over its area, and what lies above each other is added.

    `values` is (sheets, cells); those behind the last cell of a sheet are left out.
    """
    area = Area(
        min(sheet.area.left for sheet in over),
        min(sheet.area.top for sheet in over),
        max(sheet.area.right for sheet in over),
        max(sheet.area.bottom for sheet in over),
    )
    rows = max(_count(area.bottom - area.top, sheet.area.bottom - sheet.area.top, sheet.rows) for sheet in over)
    columns = max(_count(area.right - area.left, sheet.area.right - sheet.area.left, sheet.columns) for sheet in over)
    painted = torch.zeros(rows, columns, dtype=torch.float64)
    for sheet, cells in zip(over, values.detach().double().cpu(), strict=True):
        grid = cells[: sheet.rows * sheet.columns].view(sheet.rows, sheet.columns)
        down = _shares(area.top, area.bottom, rows, sheet.area.top, sheet.area.bottom, sheet.rows)
        across = _shares(area.left, area.right, columns, sheet.area.left, sheet.area.right, sheet.columns)
        painted += down @ grid @ across.T
    return painted.float(), area


def _part(area: Area, row: int, rows: int, column: int, columns: int) -> Area:
    """One of equal parts of an area."""
    width, height = (area.right - area.left) / columns, (area.bottom - area.top) / rows
    left, top = area.left + column * width, area.top + row * height
    return Area(left, top, left + width, top + height)


def _count(whole: float, part: float, cells: int) -> int:
    """How many cells a whole has, of which a part has so many."""
    return round(whole / part * cells)


def _shares(start: float, stop: float, count: int, first: float, last: float, cells: int) -> Tensor:
    """(count, cells): which share of each of `cells` equal parts between first and last lies in each of `count` equal
    parts between start and stop."""
    outer = torch.linspace(start, stop, count + 1, dtype=torch.float64)
    inner = torch.linspace(first, last, cells + 1, dtype=torch.float64)
    ends, starts = torch.minimum(outer[1:, None], inner[1:]), torch.maximum(outer[:-1, None], inner[:-1])
    return (ends - starts).clamp(min=0) / (inner[1:] - inner[:-1])
