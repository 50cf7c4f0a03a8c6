"""What was found, drawn into the picture: boxes or masks, each with its label and how sure the model was.

Everything grows with the picture, so that a photograph of 4,000 pixels and a thumbnail look alike; a thumbnail is
enlarged first, for no letter could be read in it.
"""

import colorsys
from collections.abc import Mapping, Sequence
from functools import cache
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from seeread.charts.lettering import font_for, spelled
from seeread.tasks.pointing.detections import Detection, stretched

Colour = tuple[int, int, int]
Area = tuple[int, int, int, int]  # left, upper, right, lower

PALETTE: tuple[Colour, ...] = (
    (255, 82, 82), (64, 196, 255), (255, 214, 50), (124, 220, 100), (224, 108, 255), (255, 145, 50),
    (38, 222, 194), (255, 110, 180), (140, 140, 255), (176, 222, 60),
)  # fmt: skip
"""Bright, and as different from each other as ten colours can be; further ones are spread over the hues."""

_LEAST_SIDE = 512  # of the longer side, below which a picture is enlarged
_FILL = 0.42  # of a mask: how much of its colour there is
_INK: Colour = (20, 20, 24)  # to be read on any of the colours
_SMOOTH = 4  # round corners are drawn so many times as large


class _Pen(NamedTuple):
    """Sizes in pixels, for one picture."""

    line: int
    letters: int
    padding: int
    radius: int


def draw(
    picture: Image.Image, found: Sequence[Detection], colours: Mapping[str, Colour] | None = None
) -> Image.Image:
    """A copy of the picture with everything in it that was `found`: masks where there are any, boxes elsewhere.

    `colours` says which colour each label has (see `colours_of`), so that several pictures may agree. A picture of less
    than 512 pixels comes back enlarged by a whole number.
    """
    canvas = _enlarged(picture.convert("RGB"))
    if colours is None:
        colours = colours_of([each.label for each in found])
    pen = _pen(canvas.size)
    # The largest first, that the small ones are not covered.
    ordered = sorted(found, key=lambda each: -each.box.area)
    for each in ordered:
        colour = colours.get(each.label, PALETTE[0])
        if each.grid is not None:
            _mask(canvas, each, colour, pen)
        else:
            _frame(canvas, each.box.pixels(*canvas.size), colour, pen)
    taken: list[Area] = []
    for each in sorted(found, key=lambda each: each.box.area):  # the small ones choose first where their label goes
        _tag(canvas, each, colours.get(each.label, PALETTE[0]), pen, taken)
    return canvas


def colours_of(labels: Sequence[str]) -> dict[str, Colour]:
    """A colour for each label, in the order in which they first come."""
    return {label: _colour(place) for place, label in enumerate(dict.fromkeys(labels))}


def _colour(place: int) -> Colour:
    if place < len(PALETTE):
        return PALETTE[place]
    hue = (place * 0.618034) % 1  # the golden ratio: the next is always far from those before
    red, green, blue = colorsys.hls_to_rgb(hue, 0.62 if place % 2 else 0.72, 0.85)
    return round(255 * red), round(255 * green), round(255 * blue)


def _enlarged(picture: Image.Image) -> Image.Image:
    longer = max(picture.size)
    if longer >= _LEAST_SIDE:
        return picture
    times = ceil(_LEAST_SIDE / longer)
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.BICUBIC)


def _pen(size: tuple[int, int]) -> _Pen:
    side = sqrt(size[0] * size[1])
    letters = max(14, round(side / 34))
    return _Pen(max(2, round(side / 210)), letters, max(3, round(letters * 0.34)), max(2, round(letters * 0.28)))


def _frame(canvas: Image.Image, area: Area, colour: Colour, pen: _Pen) -> None:
    """A rectangle in its colour, with a thin dark edge on either side that lets it be seen on any ground."""
    left, upper, right, lower = area
    edge = max(1, pen.line // 3)
    _outline(canvas, (left - edge, upper - edge, right + edge, lower + edge), pen.line + 2 * edge, (0, 0, 0), 90)
    _outline(canvas, area, pen.line, colour, 255)


def _outline(canvas: Image.Image, area: Area, line: int, colour: Colour, strength: int) -> None:
    """Lines along the inner edge of an area, drawn with that strength (255 covers)."""
    left, upper, right, lower = area
    line = min(line, (right - left + 1) // 2, (lower - upper + 1) // 2)
    for side in (
        (left, upper, right, upper + line),
        (left, lower - line, right, lower),
        (left, upper + line, left + line, lower - line),
        (right - line, upper + line, right, lower - line),
    ):
        size = (side[2] - side[0], side[3] - side[1])
        if min(size) > 0:
            canvas.paste(colour, side, Image.new("L", size, strength))


def _mask(canvas: Image.Image, each: Detection, colour: Colour, pen: _Pen) -> None:
    """The mask as a veil of its colour, with a clear line along its edge and a thin dark one around that."""
    assert each.grid is not None
    left, upper, right, lower = each.box.pixels(*canvas.size)
    inside = np.pad(stretched(each.grid, (right - left, lower - upper)) > 0, pen.line)
    shape = Image.fromarray(inside.astype(np.uint8) * 255)
    # A blurred shape is less than full within the blur's width of its edge, and more than empty beyond it.
    edge = inside & (np.asarray(shape.filter(ImageFilter.BoxBlur(pen.line))) < 250)
    around = ~inside & (np.asarray(shape.filter(ImageFilter.BoxBlur(max(1, pen.line // 3)))) > 5)
    place = (left - pen.line, upper - pen.line)
    for paint, strength in (
        ((0, 0, 0), np.where(around, 90, 0)),
        (colour, np.where(edge, 235, np.where(inside, round(255 * _FILL), 0))),
    ):
        veil = Image.fromarray(strength.astype(np.uint8))
        canvas.paste(paint, place, veil.filter(ImageFilter.GaussianBlur(0.7)))  # or the lines would have steps


def _tag(canvas: Image.Image, each: Detection, colour: Colour, pen: _Pen, taken: list[Area]) -> None:
    """Label and certainty on a plate of the colour, at the corner of the box, where there is room."""
    certainty = each.certainty
    gap = round(pen.letters * 0.35) if certainty else 0
    font = font_for(each.label, pen.letters)
    certainty_width = ceil(font.getlength(certainty))
    name = spelled(each.label or "?", font, canvas.width * 0.6 - certainty_width - gap - 2 * pen.padding)
    name_width = ceil(font.getlength(name))
    width = name_width + gap + certainty_width + 2 * pen.padding
    height = round(pen.letters * 1.18) + pen.padding
    area = _room(each.box.pixels(*canvas.size), (width, height), canvas.size, taken)
    taken.append(area)
    left, upper = area[:2]
    canvas.paste(colour, (left, upper), _plate((width, height), pen.radius))
    pencil = ImageDraw.Draw(canvas)
    middle = upper + height / 2
    pencil.text((left + pen.padding, middle), name, _INK, font, anchor="lm")
    pencil.text((left + pen.padding + name_width + gap, middle), certainty, _paler(colour), font, anchor="lm")


def _room(box: Area, size: tuple[int, int], within: tuple[int, int], taken: Sequence[Area]) -> Area:
    """Where a tag goes: at one of the corners of the box, outside or inside, the upper ones first; the first place that
    is free, or else the one that covers least of the tags already there."""
    left, upper, right, lower = box
    width, height = size
    places = [
        (left, upper - height), (left, upper), (right - width, upper - height), (right - width, upper),
        (left, lower), (left, lower - height), (right - width, lower), (right - width, lower - height),
    ]  # fmt: skip
    fitting = []
    for x, y in places:
        x = max(0, min(x, within[0] - width))
        inside = 0 <= y <= within[1] - height
        y = max(0, min(y, within[1] - height))
        area = (x, y, x + width, y + height)
        fitting.append((sum(_shared(area, other) for other in taken), not inside, area))
    return min(fitting, key=lambda each: each[:2])[2]


def _shared(a: Area, b: Area) -> int:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0, width) * max(0, height)


@cache
def _plate(size: tuple[int, int], radius: int) -> Image.Image:
    """A rectangle with round corners, as a mask."""
    large = Image.new("L", (size[0] * _SMOOTH, size[1] * _SMOOTH))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), radius * _SMOOTH, fill=240
    )
    return large.resize(size, Image.Resampling.BOX)


def _paler(colour: Colour) -> Colour:
    """Ink that lets a little of the ground through."""
    red, green, blue = (round(0.74 * ink + 0.26 * ground) for ink, ground in zip(_INK, colour, strict=True))
    return red, green, blue
