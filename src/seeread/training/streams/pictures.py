"""Pictures as they are learned from: opened, made small, kept in memory while there is room, and varied by chance."""

import os
import random
import re
from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import Any, TypeAlias

import numpy
from PIL import Image

from seeread.data.sets.item import Item, opened
from seeread.errors import DataError, ImageError
from seeread.preprocessing.image import LIMITS, Source, Video, open_image
from seeread.preprocessing.pixels import FILTERS, load_resized
from seeread.preprocessing.transform import ImageTransform, Transform

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
    """Gives the pictures of items for a model with that transform, (height, width, 3) uint8, for `Processor.images`.

    Without a variation the result is what the transform makes of the file itself, bit for bit: what it would resize is
    resized before it is kept. With one, pictures are kept at one and a half times the size that the model takes, so
    that the parts that are cut out of them need not grow much. Whether a picture is kept never changes what is given.
    """

    def __init__(self, transform: Transform | None, variation: Variation | None, room: int = KEPT):
        self.transform, self.variation, self.room = transform, variation, room
        self._kept: dict[Hashable, Array] = {}
        self._lock = Lock()

    def __call__(self, item: Item, chance: random.Random, text: str = "") -> Source:
        """The picture of an item. Raises ImageError or DataError where it cannot be opened."""
        if isinstance(item.picture, Video):
            return item.picture
        small = self._small(item)
        return small if self.variation is None else self._varied(small, self.variation, chance, text)

    def _small(self, item: Item) -> Array:
        key = item.picture if isinstance(item.picture, Hashable) else None
        if key is not None and (known := self._kept.get(key)) is not None:
            return known
        try:
            made = self._made(opened(item.picture))
        except ImageError as error:
            raise DataError(str(error)) from None
        with self._lock:
            if key is not None and key not in self._kept and made.nbytes <= self.room:
                self._kept[key] = made
                self.room -= made.nbytes
        return made

    def _made(self, source: Source) -> Array:
        transform = self.transform
        if not isinstance(transform, ImageTransform) or transform.mode in ("square", "cut"):
            return numpy.asarray(open_image(source))
        found: list[Array] = []
        plan = transform.resized_size if self.variation is None else self._roomy
        load_resized(
            [source], plan, transform.interpolation, LIMITS, False, lambda _, made: found.append(made)
        )
        return numpy.ascontiguousarray(found[0])

    def _roomy(self, height: int, width: int) -> tuple[int, int]:
        assert isinstance(self.transform, ImageTransform)
        share = min(1.0, _ROOM * max(self.transform.size) / min(height, width))
        return max(1, ceil(height * share)), max(1, ceil(width * share))

    def _varied(self, picture: Array, variation: Variation, chance: random.Random, text: str) -> Array:
        """A part of the picture; resized where the model takes one size, as it is otherwise."""
        height, width = picture.shape[:2]
        transform = self.transform
        sized = isinstance(transform, ImageTransform) and transform.mode in ("crop", "squash")
        shape = (
            transform.size
            if isinstance(transform, ImageTransform) and transform.mode in ("crop", "cut")
            else None
        )
        box = _part(height, width, shape, variation, chance)
        mirrored = chance.random() < 0.5 and variation.mirror and not _SIDED.search(text)
        if sized and isinstance(transform, ImageTransform):
            image = Image.fromarray(picture)
            part: Array = numpy.asarray(
                image.resize(transform.size[::-1], FILTERS[transform.interpolation], box)
            )
        else:
            left, upper, right, lower = box
            part = picture[int(upper) : ceil(lower), int(left) : ceil(right)]
        return numpy.ascontiguousarray(part[:, ::-1] if mirrored else part)


def _part(
    height: int, width: int, size: tuple[int, int] | None, variation: Variation, chance: random.Random
) -> tuple[float, float, float, float]:
    """A box within a picture: left, upper, right, lower. It has the shape of `size`, or of the picture, but for the
    stretch. Chance is asked the same number of times whatever comes of it."""
    area, stretch, x, y = (chance.random() for _ in range(4))
    high, wide = float(height), float(width)
    if size is not None:
        share = min(height / size[0], width / size[1])
        high, wide = size[0] * share, size[1] * share
    scale = (variation.area + (1 - variation.area) * area) ** 0.5
    change = variation.stretch ** (stretch - 0.5)
    high, wide = min(high * scale / change, height), min(wide * scale * change, width)
    left, upper = x * (width - wide), y * (height - high)
    return left, upper, left + wide, upper + high


def room_of(ranks: int) -> int:
    """Bytes for each process of this machine, at most a quarter of the memory that is free."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        free = 4 * KEPT
    return min(KEPT, free // 4) // max(1, ranks)
