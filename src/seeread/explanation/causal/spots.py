"""Where in the picture that lies which each image token stands for."""

from math import isqrt
from typing import Any

import torch
from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.explanation.view import area_of
from seeread.interface import Images, Patches, Tiles
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform import ImageTransform
from seeread.pretrained import Pretrained

NOWHERE = float("nan")
"""Of a token that stands for no spot: a class token, the end of a line."""


def mixed(model: Pretrained) -> bool:
    """Whether a model's image tokens are mixtures of the whole picture: those of a resampler, or of a pooling."""
    config: Any = getattr(model.module, "config", None)
    return getattr(config, "resampler", None) is not None or getattr(config, "pool", "class") != "class"


def spots(model: Pretrained, images: Images, sight: Tensor) -> Tensor:
    """The middle of what each token of one picture shows, (tokens, 2), its x and y in shares of the area that the model
    sees, for a model whose tokens are not `mixed`.

    `sight` is what `see` gives of the picture: its entries are the tokens, or where it has one entry the media tokens
    of that (Flamingo).
    """
    if isinstance(images, Patches):
        rows, columns = images.grid[0].tolist()
        return torch.cat((_grid(rows, columns), torch.full((rows, 1, 2), NOWHERE)), dim=1).flatten(0, 1)
    if isinstance(images, Tiles) and not images.apart:
        config: Any = model.module.config
        return _tiled(images, isqrt(config.image_tokens))
    tokens = sight.shape[1] if len(sight) == 1 else len(sight)
    side = isqrt(tokens)
    ahead = torch.full((tokens - side**2, 2), NOWHERE)  # a class token, where one is kept
    return torch.cat((ahead, _grid(side, side).flatten(0, 1)))


def seen_area(model: Pretrained, width: int, height: int) -> Area:
    """What of a picture of that size, in pixels, the spots of its tokens cover."""
    match model.processor.image_transform:
        case ImageTransform() as transform:
            return area_of(transform, width, height)
        case LineTransform() as transform:
            shown_height, shown_width = transform.resized_size(height, width)
            side = transform.patch_size
            filled_width, filled_height = (-(-length // side) * side for length in (shown_width, shown_height))
            return Area(0.0, 0.0, filled_width / shown_width, filled_height / shown_height)
        case TileTransform():
            return Area()
        case other:
            raise TypeError(f"no model that writes takes pictures as {type(other).__name__} does")


def _grid(rows: int, columns: int) -> Tensor:
    """The middles of cells, (rows, columns, 2)."""
    y, x = (torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns
    return torch.stack((x.expand(rows, -1), y[:, None].expand(-1, columns)), dim=-1)


def _tiled(images: Tiles, side: int) -> Tensor:
    """Of the whole, and then of the map of its tiles, row by row with the end of each row."""
    [(rows, columns)] = images.extents(side)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    lines = torch.cat((_grid(height, width), torch.full((height, 1, 2), NOWHERE)), dim=1)
    return torch.cat((_grid(side, side).flatten(0, 1), lines.flatten(0, 1)))
