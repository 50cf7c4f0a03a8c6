"""Pictures as they are learned from: opened, made small, kept in memory while there is room, and varied by chance."""

import os
import random
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

import numpy
import torch
from torch.nn.functional import interpolate

from seeread.data.sets.item import Item, opened
from seeread.interface import Images
from seeread.preprocessing.image import LIMITS, Source, Video, open_image
from seeread.preprocessing.pixels import load_resized
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.transform import ImageTransform

Array: TypeAlias = numpy.ndarray[Any, Any]

KEPT = 2 * 2**30
"""Bytes of pictures that are kept, by all processes of a machine together."""

_ROOM = 1.5  # how much larger than what the model takes a picture is kept that parts are cut out of
_SIDED = re.compile(r"\b(left|right)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Variation:
    """A part of each picture is shown, of at least the share `area` of what the model would see of it, stretched by at
    most `stretch`; and mirrored every second time, unless its text says left or right."""

    area: float = 0.5
    stretch: float = 4 / 3
    mirror: bool = True


class Pictures:
    """Gives the pictures of items, (height, width, 3) uint8, and makes of several what the model takes.

    Without a variation the result is what the processor makes of the file itself, bit for bit; for models that take
    pictures of any size or in tiles, what it makes of it when asked to be `exact`. With one, parts are cut
    out of the picture, which is kept larger than what the model takes, and resized by torch's 8-bit kernels, eight
    times as fast as Pillow. Whether a picture is kept never changes what is given.
    """

    def __init__(self, processor: Processor, variation: Variation | None, room: int = KEPT):
        self.processor, self.variation, self.room = processor, variation, room
        self.transform = processor.image_transform
        self._kept: dict[Hashable, Array] = {}
        self._lock = Lock()

    def __call__(self, item: Item, chance: random.Random, text: str = "") -> Source:
        """The picture of an item. Raises ImageError or DataError where it cannot be opened."""
        if isinstance(item.picture, Video):
            return item.picture
        small = self._small(item)
        return small if self.variation is None else self._varied(small, self.variation, chance, text)

    def images(self, pictures: Sequence[Source]) -> Images:
        """What the model takes."""
        if isinstance(self.transform, ImageTransform):
            shaped = [picture for picture in pictures if isinstance(picture, numpy.ndarray)]
            if len(shaped) == len(pictures):
                return self.transform.normalised(shaped)
        return self.processor.images(pictures)

    def _small(self, item: Item) -> Array:
        key = item.picture if isinstance(item.picture, Hashable) else None
        if key is not None and (known := self._kept.get(key)) is not None:
            return known
        made = self._made(opened(item.picture))
        with self._lock:
            if key is not None and key not in self._kept and made.nbytes <= self.room:
                self._kept[key] = made
                self.room -= made.nbytes
        return made

    def _made(self, source: Source) -> Array:
        if not isinstance(self.transform, ImageTransform):
            return numpy.array(open_image(source))
        if self.variation is None:
            return self.transform.shape(source)
        found: list[Array] = []
        load_resized(
            [source], self._roomy, "bicubic", LIMITS, False, lambda _, made: found.append(numpy.array(made))
        )
        return found[0]

    def _roomy(self, height: int, width: int) -> tuple[int, int]:
        """A size that leaves enough to cut parts out of, for pictures that are much larger."""
        assert isinstance(self.transform, ImageTransform)
        shrink = min(height, width) / (_ROOM * max(self.transform.size))
        return (height, width) if shrink < _ROOM else (round(height / shrink), round(width / shrink))

    def _varied(self, picture: Array, variation: Variation, chance: random.Random, text: str) -> Array:
        """A part of the picture, of the size that the model takes, if it takes one."""
        transform = self.transform
        single = transform if isinstance(transform, ImageTransform) else None
        shape = single.size if single and single.mode in ("crop", "cut") else None
        left, upper, right, lower = _part(picture.shape[0], picture.shape[1], shape, variation, chance)
        mirrored = chance.random() < 0.5 and variation.mirror and not _SIDED.search(text)
        part = picture[upper:lower, left:right]
        if single and single.mode not in ("crop", "cut", "squash"):
            part = single.shape(part)
        planes = torch.from_numpy(part).permute(2, 0, 1)[None]
        if single and part.shape[:2] != single.size:
            way = "bilinear" if single.interpolation == "bilinear" else "bicubic"
            planes = interpolate(planes, single.size, mode=way, antialias=True)
        varied: Array = (planes.flip(3) if mirrored else planes)[0].permute(1, 2, 0).numpy()
        return varied


def _part(
    height: int, width: int, shape: tuple[int, int] | None, variation: Variation, chance: random.Random
) -> tuple[int, int, int, int]:
    """A box within a picture: left, upper, right, lower, in pixels. It has the aspect of `shape`, or of the picture,
    but for the stretch. Chance is asked the same number of times whatever comes of it."""
    area, stretch, x, y = (chance.random() for _ in range(4))
    high, wide = float(height), float(width)
    if shape is not None:
        share = min(height / shape[0], width / shape[1])
        high, wide = shape[0] * share, shape[1] * share
    scale = (variation.area + (1 - variation.area) * area) ** 0.5
    change = variation.stretch ** (stretch - 0.5)
    rows, columns = (
        max(1, round(min(side))) for side in ((high * scale / change, height), (wide * scale * change, width))
    )
    left, upper = round(x * (width - columns)), round(y * (height - rows))
    return left, upper, left + columns, upper + rows


def room_of(ranks: int) -> int:
    """Bytes for each process of this machine, at most a quarter of the memory that is free."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        free = 4 * KEPT
    return min(KEPT, free // 4) // max(1, ranks)
