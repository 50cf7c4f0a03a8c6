"""What a model sees of a picture: the pixels that enter it, and how they are cut."""

from dataclasses import dataclass

import numpy
from PIL import Image
from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.explanation.view import seen_area
from seeread.interface import Images, Patches, Tiles
from seeread.preprocessing.transform import Transform


@dataclass(frozen=True)
class View:
    """Pixels as they enter the model, turned back into a picture, and the `rows` and `columns` of cells of which the
    model makes a token each. `area` is what of the person's picture that is, which may be more than there is of it."""

    name: str
    picture: Image.Image
    rows: int
    columns: int
    area: Area


def views(transform: Transform, images: Images, size: tuple[int, int], grid: tuple[int, int]) -> tuple[View, ...]:
    """What is seen of one picture of `size`, (width, height): it, or for a model of tiles first the whole of it and
    then its tiles as one. `grid` is the rows and columns of features that a picture or tile becomes; patches tell
    their own."""
    area = seen_area(transform, *size)
    if isinstance(images, Patches):
        rows, columns = images.grid[0].tolist()
        side = round((images.pixels.shape[-1] // 3) ** 0.5)
        cut = images.pixels[0, : rows * columns].view(rows, columns, side, side, 3)
        pixels = cut.permute(4, 0, 2, 1, 3).reshape(3, rows * side, columns * side)
        return (View("the picture", _picture(transform, pixels), rows, columns, area),)
    if isinstance(images, Tiles):
        rows, columns = images.grids[0].tolist()
        whole, tiles = images.pixels[0], images.pixels[1 : 1 + rows * columns]
        side = tiles.shape[-1]
        large = tiles.view(rows, columns, 3, side, side).permute(2, 0, 3, 1, 4).reshape(3, rows * side, columns * side)
        small = View("the whole, small", _picture(transform, whole), *grid, Area())
        name = f"{rows} × {columns} tiles" if rows * columns > 1 else "one tile"
        return small, View(name, _picture(transform, large), rows * grid[0], columns * grid[1], area)
    pixels = images if isinstance(images, Tensor) else images.pixels
    return (View("the picture", _picture(transform, pixels[0]), *grid, area),)


def _picture(transform: Transform, pixels: Tensor) -> Image.Image:
    """(3, height, width) as the model takes it, to a picture: its numbers brought back to 0 to 255."""
    mean, spread = (numpy.array(one)[:, None, None] for one in (transform.mean, transform.std))
    levels = (pixels.float().cpu().numpy() * spread + mean) * 255
    return Image.fromarray(levels.round().clip(0, 255).astype(numpy.uint8).transpose(1, 2, 0))
