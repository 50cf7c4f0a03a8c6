"""A map over its picture: the picture pale, so that the colours are those of the map alone."""

import numpy
from PIL import Image, ImageDraw

from seeread.explanation.drawing.colours import STEPS, Floats, cover, ramp
from seeread.explanation.heatmap import Area, Heatmap

_PALE = 0.72  # how much of the picture's colours goes
_UNSEEN = 0.45  # how dark what the model does not see becomes


def overlay(picture: Image.Image, heatmap: Heatmap, size: tuple[int, int] | None = None) -> Image.Image:
    """The picture in that size, (width, height) or its own, under the map, with the box that the map is about. What the
    model does not see is dark. A map that is not believed is grey."""
    canvas = picture.convert("RGB")
    if size is not None and size != canvas.size:
        canvas = canvas.resize(size, Image.Resampling.LANCZOS)
    ground = _pale(canvas)
    shares = spread(heatmap, canvas.size)
    hidden = cover(shares)[..., None]
    colours = ramp(heatmap.believed is not False)[(shares * (STEPS - 1)).round().astype(int)]
    mixed = ground * (1 - hidden) + colours * hidden
    mixed[~seen(heatmap.area, canvas.size)] *= _UNSEEN
    drawn = Image.fromarray(mixed.round().astype(numpy.uint8))
    if heatmap.box is not None:
        _frame(drawn, heatmap.box.pixels(*drawn.size))
    return drawn


def spread(heatmap: Heatmap, size: tuple[int, int]) -> Floats:
    """(height, width): how hot each pixel of a picture of that size is, 0 to 1, smoothly between the middles of the
    map's cells; 0 where the map does not reach."""
    shares, area = heatmap.shares.double().numpy(), heatmap.area
    rows, columns = shares.shape
    width, height = size
    down, across = _taps(rows, height, area.top, area.bottom), _taps(columns, width, area.left, area.right)
    heat: Floats = (down @ shares @ across.T).clip(0, 1)
    return numpy.where(seen(area, size), heat, 0.0)


def _taps(cells: int, length: int, first: float, last: float) -> Floats:
    """(length, cells): how much of each cell there is in each pixel of a line, of which the cells take the part from
    `first` to `last`. Keys' cubic convolution (1981); beyond the cells at the edge it goes on as they are."""
    places = ((numpy.arange(length) + 0.5) / length - first) / (last - first) * cells - 0.5
    low = numpy.floor(places).astype(int)
    taps = numpy.zeros((length, cells))
    for step in (-1, 0, 1, 2):
        away = numpy.abs(places - low - step)
        near, far = (1.5 * away - 2.5) * away**2 + 1, ((-0.5 * away + 2.5) * away - 4) * away + 2
        weights = numpy.where(away < 1, near, numpy.where(away < 2, far, 0))
        numpy.add.at(taps, (numpy.arange(length), (low + step).clip(0, cells - 1)), weights)
    return taps


def seen(area: Area, size: tuple[int, int]) -> numpy.typing.NDArray[numpy.bool_]:
    """(height, width): True for the pixels of the picture whose middle lies in the area."""
    width, height = size
    x, y = (numpy.arange(width) + 0.5) / width, (numpy.arange(height) + 0.5) / height
    inside = ((x >= area.left) & (x < area.right))[None] & ((y >= area.top) & (y < area.bottom))[:, None]
    return numpy.asarray(inside)


def _pale(picture: Image.Image) -> Floats:
    colours = numpy.asarray(picture, numpy.float64)
    grey = (colours @ (0.299, 0.587, 0.114))[..., None]
    return _PALE * grey + (1 - _PALE) * colours


def _frame(canvas: Image.Image, box: tuple[int, int, int, int]) -> None:
    """White between thin dark lines, which is seen on everything."""
    line = max(2, round(min(canvas.size) / 150))
    left, upper, right, lower = box
    pencil = ImageDraw.Draw(canvas)
    pencil.rectangle((left - 1, upper - 1, right, lower), outline=(20, 20, 24), width=line + 2)
    pencil.rectangle((left, upper, right - 1, lower - 1), outline=(255, 255, 255), width=line)
