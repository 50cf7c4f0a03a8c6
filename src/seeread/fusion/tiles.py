"""Pictures seen in tiles: the features of the tiles laid out as one map again (LLaVA-NeXT)."""

import torch
from torch import Tensor

from seeread.interface import Tiles


def lay_out(features: Tensor, tiles: Tiles, newline: Tensor) -> Tensor:
    """Features of all tiles, (tiles, side * side, width), to (image tokens in all, width).

    Of every picture first the features of the whole, then those of its map row by row, without what is padding there,
    each row closed by `newline` (width,): as `Tiles.tokens` counts them.
    """
    side = int(features.shape[1] ** 0.5)
    tokens, start = [], 0
    for (rows, columns), (seen_rows, seen_columns) in zip(
        tiles.grids.tolist(), tiles.extents(side), strict=True
    ):
        whole, parts = features[start], features[start + 1 : start + 1 + rows * columns]
        start += 1 + rows * columns
        square = parts.view(rows, columns, side, side, -1).transpose(1, 2).flatten(2, 3).flatten(0, 1)
        seen = square[seen_rows, seen_columns]
        ends = newline.to(seen.dtype).expand(len(seen), 1, -1)
        tokens += [whole, torch.cat((seen, ends), dim=1).flatten(0, 1)]
    return torch.cat(tokens)
