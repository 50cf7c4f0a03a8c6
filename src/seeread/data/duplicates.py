"""Near copies among pictures: the same photograph saved again, in another size, brighter, or cut a little at its edges.

A picture is remembered as a grey thumbnail and a hash of it: the signs of its 64 lowest frequencies (a discrete cosine
transform without its first coefficient, so that brightness and contrast leave it alone). Copies share most of these
bits, and nearly always one of eight bytes whole, so that only pictures that share a byte are compared at all. What is
left of them is then laid on top of each other: thumbnails are moved and stretched, by the method of Lucas and Kanade
(IJCAI 1981), until they fit best, and are copies if they then correlate, as a whole and in their details alone: one
bright thing on a dark ground is much like another until one looks at the details.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy
from PIL import Image

from seeread.data.sets.item import Kept, opened
from seeread.errors import SeereadError
from seeread.preprocessing.image import Source, open_image
from seeread.pretrained import Progress

Array: TypeAlias = numpy.ndarray[Any, Any]

SIDE = 32
"""Width and height of a thumbnail."""

ALIKE = 0.92
"""The correlation of thumbnails, laid on top of each other, from which on two pictures may be copies."""

DETAILS = 0.75
"""The correlation of their details from which on they are: of copies it is mostly above 0.9, of others below 0.65."""

_BATCH = 64  # pictures opened at a time
_WORKERS = 4
_BITS_APART = 20  # of 64: between a picture and itself with 5 % cut off each side it is below 17 in 95 of 100
_COARSE = 0.7  # correlation at 8 x 8 from which on it is worth to lay two pictures on top of each other
_FLAT = 3.0  # grey levels of deviation below which there is nothing to compare: a blank page is like any other
_STEPS = 4
_SCALES = (0.75, 1.03)  # how much of a picture its copy shows
_FAR = 4.0  # pixels of the thumbnail that the middle of a copy may lie away from that of the picture
_PAIRS = 2048  # that are laid on top of each other at a time
_MIDDLE = (SIDE - 1) / 2

_FREQUENCIES = sorted(((x, y) for x in range(SIDE) for y in range(SIDE) if x + y), key=lambda p: (sum(p), p))[:64]
_WAVES = numpy.cos(numpy.pi * numpy.outer(numpy.arange(SIDE), 2 * numpy.arange(SIDE) + 1) / (2 * SIDE))
_ONES = numpy.array([number.bit_count() for number in range(2**16)], numpy.uint8)


@dataclass(frozen=True)
class Fingerprints:
    """Of pictures in their order: `hashes` (pictures,) uint64, `thumbnails` (pictures, 32, 32) uint8 grey, and which of
    them could be `read` (pictures,) bool."""

    hashes: Array
    thumbnails: Array
    read: Array

    def __len__(self) -> int:
        return len(self.hashes)


def fingerprints(pictures: "Sequence[Source | Kept]", progress: Progress | None = None) -> Fingerprints:
    """What pictures are recognised by. One that cannot be opened is marked, and is nobody's copy."""
    thumbnails = numpy.zeros((len(pictures), SIDE, SIDE), numpy.uint8)
    read = numpy.zeros(len(pictures), bool)
    batches = [range(start, min(start + _BATCH, len(pictures))) for start in range(0, len(pictures), _BATCH)]
    with ThreadPoolExecutor(_WORKERS) as pool:  # decoding and resizing release Python's lock
        for batch in progress(batches) if progress and batches else batches:
            found = pool.map(_thumbnail, [pictures[place] for place in batch])
            for place, thumbnail in zip(batch, found, strict=True):
                if thumbnail is not None:
                    thumbnails[place], read[place] = thumbnail, True
    return Fingerprints(_hashes(thumbnails), thumbnails, read)


def near_copies(one: Fingerprints, other: Fingerprints, progress: Progress | None = None) -> list[tuple[int, int]]:
    """The places of pictures of `one` and of those of `other` that they are near copies of, in order. Compared with
    itself, a set gives each pair once, the earlier place first.

    Found are copies in other sizes and qualities, in other brightness or contrast, and in grey; of those with a
    twentieth cut off at each side nine in ten, with a tenth one in three. Not found are those that are turned, mirrored
    or written on in large, and blank pages.
    """
    chosen = [part.read & (part.thumbnails.std(axis=(1, 2)) >= _FLAT) for part in (one, other)]
    pairs = _sharing_a_byte(one.hashes, other.hashes, *chosen, same=one is other)
    kept: list[tuple[int, int]] = []
    starts = range(0, len(pairs), _PAIRS)
    for start in progress(starts) if progress and len(starts) > 1 else starts:
        part = pairs[start : start + _PAIRS]
        first, second = (f.thumbnails[part[:, side]].astype(numpy.float32) for side, f in enumerate((one, other)))
        close = _correlation(_centred(_coarse(first)), _centred(_coarse(second))) >= _COARSE
        if close.any():
            first, second = first[close], second[close]
            alike = _copied(first, second) | _copied(second, first)
            kept += [(int(left), int(right)) for left, right in part[close][alike]]
    return kept


def _thumbnail(picture: "Source | Kept") -> Array | None:
    try:
        grey = open_image(opened(picture)).convert("L")
    except SeereadError:
        return None
    return numpy.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX))


def _hashes(thumbnails: Array) -> Array:
    """(pictures,) uint64: the signs of the lowest frequencies, eight of neighbouring ones in a byte."""
    rows, columns = (numpy.array(places) for places in zip(*_FREQUENCIES, strict=True))
    found = numpy.empty(len(thumbnails), numpy.uint64)
    waves = _WAVES[: int(max(rows.max(), columns.max())) + 1].astype(numpy.float32)
    for start in range(0, len(thumbnails), 4096):
        part = thumbnails[start : start + 4096].astype(numpy.float32)
        amounts = (waves @ part @ waves.T)[:, rows, columns]
        bits = numpy.ascontiguousarray(numpy.packbits(amounts > 0, axis=1))
        found[start : start + 4096] = bits.view(numpy.uint64)[:, 0]
    return found


def _sharing_a_byte(one: Array, other: Array, of_one: Array, of_other: Array, *, same: bool) -> Array:
    """(pairs, 2) the places of hashes that share a whole byte and differ in few bits, each pair once, in order. Hashes
    that differ in seven bits or fewer always share one, for there are eight bytes to differ in."""
    found = [numpy.empty((0, 2), numpy.int64)]
    for byte in range(8):
        for left, right in _groups(one, other, of_one, of_other, byte):
            for start in range(0, len(left), max(1, 2**22 // len(right))):  # pairs at a time
                some = left[start : start + max(1, 2**22 // len(right))]
                apart = one[some][:, None] ^ other[right][None]
                near = _ONES[apart.view(numpy.uint16)].reshape(*apart.shape, 4).sum(axis=2, dtype=numpy.uint8)
                rows, columns = numpy.nonzero(near <= _BITS_APART)
                found.append(numpy.stack([some[rows], right[columns]], axis=1))
    pairs = numpy.concatenate(found)
    if same:
        pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    return numpy.unique(pairs, axis=0)


def _groups(
    one: Array, other: Array, of_one: Array, of_other: Array, byte: int
) -> Iterator[tuple[Array, Array]]:
    """The places of hashes that have the same value in a byte, value by value."""
    sides = []
    for hashes, chosen in ((one, of_one), (other, of_other)):
        places = numpy.flatnonzero(chosen)
        values = hashes[places].view(numpy.uint8).reshape(-1, 8)[:, byte]
        order = numpy.argsort(values, kind="stable")
        sides.append((places[order], numpy.searchsorted(values[order], numpy.arange(257))))
    (left, left_ends), (right, right_ends) = sides
    for value in range(256):
        some = left[left_ends[value] : left_ends[value + 1]]
        more = right[right_ends[value] : right_ends[value + 1]]
        if len(some) and len(more):
            yield some, more


def _copied(moving: Array, still: Array) -> Array:
    """(pairs,) whether `still` looks like a part of `moving`, as a whole and in its details."""
    way, alike = _aligned(_blurred(moving), _centred(_blurred(still)))
    details = _correlation(_centred(_details(_warped(moving, way))), _centred(_details(still)))
    copied: Array = (alike >= ALIKE) & (details >= DETAILS)
    return copied


def _aligned(moving: Array, still: Array) -> tuple[Array, Array]:
    """(pairs, 4) the window of `moving` that correlates best with `still`, its scale and place in x, then in y; and
    (pairs,) that correlation. Each step solves for the change of window that explains most of the difference."""
    way = numpy.tile(numpy.array([1, 0, 1, 0], numpy.float32), (len(moving), 1))
    best, alike = way.copy(), numpy.full(len(moving), -1.0, numpy.float32)
    places = numpy.arange(SIDE, dtype=numpy.float32) - _MIDDLE
    for step in range(_STEPS + 1):
        seen = _centred(_warped(moving, way))
        now = _correlation(seen, still)
        better = now > alike
        best[better], alike[better] = way[better], now[better]
        if step == _STEPS:
            break
        down, across = numpy.gradient(seen, axis=(1, 2))
        slopes = numpy.stack([across * places, across, down * places[:, None], down], axis=-1).reshape(len(way), -1, 4)
        turned = slopes.transpose(0, 2, 1)
        normal = turned @ slopes
        normal += numpy.eye(4) * (1e-3 * numpy.trace(normal, axis1=1, axis2=2)[:, None, None] + 1e-9)
        change = numpy.linalg.solve(normal, turned @ (still - seen).reshape(len(way), -1, 1))[:, :, 0]
        way = (way + change).astype(numpy.float32)
        way[:, 0::2] = way[:, 0::2].clip(*_SCALES)
        way[:, 1::2] = way[:, 1::2].clip(-_FAR, _FAR)
    return best, alike


def _warped(pictures: Array, way: Array) -> Array:
    """(pairs, 32, 32) the pictures seen through windows of that scale and place, bilinear."""
    places = numpy.arange(SIDE, dtype=numpy.float32) - _MIDDLE

    def along(pictures: Array, scale: Array, shift: Array) -> Array:
        """The rows of `pictures` at other heights."""
        heights = (places * scale[:, None] + shift[:, None] + _MIDDLE).clip(0, SIDE - 1)
        lower = heights.astype(numpy.int64).clip(max=SIDE - 2)
        part = (heights - lower)[:, :, None]
        pair = numpy.arange(len(pictures))[:, None]
        between: Array = pictures[pair, lower] * (1 - part) + pictures[pair, lower + 1] * part
        return between

    rows = along(pictures, way[:, 2], way[:, 3]).transpose(0, 2, 1)
    seen: Array = along(rows, way[:, 0], way[:, 1]).transpose(0, 2, 1)
    return seen


def _blurred(pictures: Array) -> Array:
    """A little softer, against the noise of compression."""
    wide = numpy.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows: Array = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    blurred: Array = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    return blurred


def _details(pictures: Array) -> Array:
    """What is finer than two pixels or so, and coarser than noise."""
    soft = _blurred(pictures)
    fine: Array = soft - _blurred(soft)
    return fine


def _coarse(pictures: Array) -> Array:
    means: Array = pictures.reshape(len(pictures), 8, SIDE // 8, 8, SIDE // 8).mean(axis=(2, 4))
    return means


def _centred(pictures: Array) -> Array:
    """With mean 0 and length 1."""
    level: Array = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    level /= numpy.sqrt((level * level).sum(axis=(1, 2), keepdims=True) + 1e-6)
    return level


def _correlation(one: Array, other: Array) -> Array:
    products: Array = (one * other).sum(axis=(1, 2))
    return products
