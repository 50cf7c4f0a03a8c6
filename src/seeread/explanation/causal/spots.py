"""Where in the picture that lies which each image token stands for."""

from math import isqrt
from typing import Any

import torch
from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.explanation.view import seen_area
from seeread.interface import Images, Patches, Tiles
from seeread.pretrained import Pretrained

NOWHERE = float("nan")
"""Of a token that stands for no spot: a class token, the end of a line."""


def mixed(model: Pretrained) -> bool:
    """Whether a model's image tokens are mixtures of the whole picture: those of a resampler, or of a pooling."""
    config: Any = getattr(model.module, "config", None)
    return getattr(config, "resampler", None) is not None or getattr(config, "pool", "class") != "class"


def spots(model: Pretrained, images: Images, sight: Tensor, width: int, height: int) -> Tensor:
    """What each token of one picture, of that size in pixels, shows of it: (tokens, 4), left, top, right and bottom in
    shares of its width and height, NaN of a token that stands for no spot. For a model whose tokens are not `mixed`.

    `sight` is what `see` gives of the picture: its entries are the tokens, or where it has one entry the media tokens
    of that (Flamingo).
    """
    transform = model.processor.image_transform
    assert transform is not None
    seen = Area() if isinstance(images, Tiles) else seen_area(transform, width, height)
    if isinstance(images, Patches):
        rows, columns = images.grid[0].tolist()
        return _lines(rows, columns, seen)
    if isinstance(images, Tiles) and not images.apart:
        return _tiled(images, isqrt(model.module.config.image_tokens))  # type: ignore[arg-type, union-attr]
    tokens = sight.shape[1] if len(sight) == 1 else len(sight)
    side = isqrt(tokens)
    ahead = torch.full((tokens - side**2, 4), NOWHERE)  # a class token, where one is kept
    return torch.cat((ahead, grid(side, side, seen).flatten(0, 1)))


def grid(rows: int, columns: int, area: Area) -> Tensor:
    """The cells of a grid over an area, (rows, columns, 4)."""
    across = area.left + (area.right - area.left) * torch.linspace(0, 1, columns + 1)
    down = area.top + (area.bottom - area.top) * torch.linspace(0, 1, rows + 1)
    top, left = torch.meshgrid(down[:-1], across[:-1], indexing="ij")
    bottom, right = torch.meshgrid(down[1:], across[1:], indexing="ij")
    return torch.stack((left, top, right, bottom), dim=-1)


def _lines(rows: int, columns: int, area: Area) -> Tensor:
    """Row by row, with the end of each."""
    return torch.cat((grid(rows, columns, area), torch.full((rows, 1, 4), NOWHERE)), dim=1).flatten(0, 1)


def _tiled(images: Tiles, side: int) -> Tensor:
    """Of the whole, and then of the map of its tiles, which shows nothing of the black around."""
    [(rows, columns)] = images.extents(side)
    lines = _lines(rows.stop - rows.start, columns.stop - columns.start, Area())
    return torch.cat((grid(side, side, Area()).flatten(0, 1), lines))
