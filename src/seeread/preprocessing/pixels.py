"""From a picture file to resized 8-bit pixels: Pillow's way, and a faster one for JPEGs.

JPEGs are decoded by simplejpeg where it is installed: libjpeg-turbo as in Pillow, the same pixels to the bit, up to
2.5 times as fast. What is damaged, CMYK or in any other way unusual goes to Pillow, which has the last word.

Pictures that shrink by at least a third are then resized by torch's 8-bit antialiased kernels, about eight
times as fast as Pillow. Their weights have 16 bits and Pillow's 22: on photographs about 0.5 % of the values are
one level off (and two or three in ten million by two). Whatever shrinks less or grows stays with Pillow,
where the kernel's weights would be too coarse and the gain small; so do tall pictures, which Pillow from version 13
on resizes rows first (its pull request 9549), and everything when `exact` is asked for.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeAlias

import numpy
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from seeread.preprocessing.image import (
    Limits,
    Source,
    develop,
    open_header,
    open_image,
    orientation,
    read_source,
    turned,
)

try:
    import simplejpeg
except ImportError:
    simplejpeg = None

Interpolation = Literal["bicubic", "bilinear", "lanczos", "nearest"]
Array: TypeAlias = numpy.ndarray[Any, Any]
Channels = tuple[float, float, float]
Plan = Callable[[int, int], tuple[int, int]]
"""From the (height, width) of an upright picture to the (height, width) it is resized to."""

FILTERS: dict[str, Image.Resampling] = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
_WORKERS = 8  # a decoded picture of the largest size allowed takes 200 MB: not too many at a time


def resize(image: Image.Image, plan: Plan, interpolation: Interpolation) -> Array:
    """An upright RGB picture resized by Pillow, antialiased: (height, width, 3) uint8."""
    height, width = plan(image.height, image.width)
    return numpy.asarray(image.resize((width, height), FILTERS[interpolation]))


def load_resized(
    sources: Sequence[Source],
    plan: Plan,
    interpolation: Interpolation,
    limits: Limits,
    exact: bool,
    store: Callable[[int, Array], None],
) -> None:
    """Open and resize pictures on several threads, which call `store(place, (height, width, 3) uint8)` for each.

    Raises the `ImageError` of the first picture that cannot be opened; one without a file name is called by its
    place among `sources`.
    """

    def load(place: int, source: Source, name: str | None) -> None:
        store(place, _load_one(source, plan, interpolation, limits, exact, name))

    _on_threads(sources, load)


def load_pictures(
    sources: Sequence[Source], limits: Limits, store: Callable[[int, Image.Image], None]
) -> None:
    """Open pictures on several threads, which call `store(place, picture)` for each. Raises as `load_resized` does."""

    def load(place: int, source: Source, name: str | None) -> None:
        store(place, open_image(source, limits, name=name))

    _on_threads(sources, load)


def normalise(planes: Array, mean: Channels, std: Channels, result: Array) -> None:
    """(3, height, width) uint8 to float32. By numpy: waking torch's threads would cost more than it saves."""
    shift, scale = (255 * numpy.array(values)[:, None, None] for values in (mean, std))
    numpy.subtract(planes, shift.astype(numpy.float32), out=result)
    numpy.divide(result, scale.astype(numpy.float32), out=result)


def _on_threads(sources: Sequence[Source], load: Callable[[int, Source, str | None], None]) -> None:
    def one(place: int) -> None:
        source = sources[place]
        name = None
        if len(sources) > 1 and not isinstance(source, str | os.PathLike):
            name = f"image {place + 1} of {len(sources)}"
        load(place, source, name)

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(len(sources), cores, _WORKERS)
    if workers <= 1:
        for place in range(len(sources)):
            one(place)
        return
    with ThreadPoolExecutor(workers) as pool:  # decoding and resizing release Python's lock
        deque(pool.map(one, range(len(sources))), maxlen=0)


def _load_one(
    source: Source, plan: Plan, interpolation: Interpolation, limits: Limits, exact: bool, name: str | None
) -> Array:
    if isinstance(source, Image.Image) or hasattr(source, "__array_interface__"):
        return resize(open_image(source, limits, name=name), plan, interpolation)
    data, name = read_source(source, limits, name)
    picture = open_header(data, name, limits)
    pixels = _decode_jpeg(data, picture.size) if picture.format == "JPEG" and picture.mode in ("RGB", "L") else None
    if pixels is None:
        return resize(develop(picture, name), plan, interpolation)
    turn = orientation(picture)
    stored = pixels.shape[:2]
    upright = stored[::-1] if turn >= 5 else stored
    size = plan(*upright)
    if exact or interpolation not in ("bicubic", "bilinear") or not _kernels_agree(upright, size):
        return resize(turned(Image.fromarray(pixels), turn), plan, interpolation)
    target = size[::-1] if turn >= 5 else size
    return _turn(_shrink(pixels, target, interpolation, rows_first=turn >= 5), turn)


def _kernels_agree(size: tuple[int, ...], target: tuple[int, int]) -> bool:
    """Whether torch's kernel gives what Pillow gives, for a resize between two (height, width)."""
    (height, width), (rows, columns) = size, target
    shrink_rows, shrink_columns = height / rows, width / columns
    tall = height / width * max(1, shrink_rows / shrink_columns)  # Pillow turns to rows first somewhere above 1.9
    return min(shrink_rows, shrink_columns) >= 1.5 and tall < 1.9


def _decode_jpeg(data: bytes, size: tuple[int, int]) -> Array | None:
    """(height, width, 3) uint8, or None for anything odd: then Pillow decides, so that there is one verdict."""
    if simplejpeg is None:
        return None
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        return simplejpeg.decode_jpeg(data) if (width, height) == size else None
    except ValueError:
        return None


def _shrink(pixels: Array, size: tuple[int, int], interpolation: str, rows_first: bool) -> Array:
    """Resize (height, width, 3) uint8. The two passes run columns first, as Pillow's do.

    For a picture that will be turned by a quarter afterwards its rows are Pillow's columns; two calls of one pass
    each then keep the rounding between them equal, without turning the large picture.
    """
    planes: Tensor = torch.from_numpy(pixels).permute(2, 0, 1)[None]  # the 8-bit kernel wants channels last
    if rows_first:
        planes = interpolate(planes, (size[0], planes.shape[3]), mode=interpolation, antialias=True)
    return interpolate(planes, size, mode=interpolation, antialias=True)[0].permute(1, 2, 0).numpy()


def _turn(pixels: Array, turn: int) -> Array:
    """Make (height, width, 3) upright after its EXIF orientation."""
    if turn >= 5:
        pixels = pixels.transpose(1, 0, 2)
    rows, columns = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    return pixels[:: -1 if rows else 1, :: -1 if columns else 1]
