"""From pictures to what an image tower eats: `ImageTransform` for a fixed size, `PatchTransform` for any aspect."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, cast

import numpy
import torch
from PIL import Image
from torch import Tensor

from seeread.errors import UsageError
from seeread.interface import Patches
from seeread.preprocessing.colour import to_rgb
from seeread.preprocessing.image import LIMITS, Limits, Source
from seeread.preprocessing.pixels import FILTERS, Array, Interpolation, load_resized, resize

Channels = tuple[float, float, float]
OPENAI_MEAN: Channels = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD: Channels = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class ImageTransform:
    """Resize, crop or pad to one size, scale to [0, 1], subtract `mean`, divide by `std`.

    `mode` "crop" resizes until the picture covers `size` and cuts out its middle (CLIP), "squash" ignores its
    aspect (SigLIP), "pad" resizes until it fits inside and surrounds it with `fill` (open_clip's "longest").
    """

    size: tuple[int, int]  # height, width
    mode: Literal["crop", "squash", "pad"] = "crop"
    interpolation: Interpolation = "bicubic"
    mean: Channels = OPENAI_MEAN
    std: Channels = OPENAI_STD
    short_side: int | None = None  # crop: the short side is resized to this, not to `size` (256, of which 224 are cut)
    rounding: Literal["half_even", "down"] = "half_even"  # where the middle is: torchvision's rule, transformers' rule
    fill: int = 0  # pad: grey level, 0 to 255

    def __post_init__(self) -> None:
        _check_choices(self.mode, ("crop", "squash", "pad"), "mode")
        _check_choices(self.interpolation, FILTERS, "interpolation")
        _check_choices(self.rounding, ("half_even", "down"), "rounding")
        _check_positive(self.size, "size", count=2)
        _check_channels(self.mean, self.std)
        if self.short_side is not None and (self.mode != "crop" or self.short_side < max(self.size)):
            raise UsageError("short_side belongs to mode crop, and is at least as large as both numbers of size")
        if self.fill not in range(256):
            raise UsageError(f"fill is a grey level from 0 to 255, not {self.fill}")

    def __call__(self, images: Sequence[Image.Image]) -> Tensor:
        """Exactly the reference's result: (images, 3, height, width) float32."""
        result = numpy.empty((len(images), 3, *self.size), numpy.float32)
        for image, place in zip(images, result, strict=True):
            self._finish(resize(to_rgb(image, "the image"), self.resized_size, self.interpolation), place)
        return torch.from_numpy(result)

    def load(self, sources: Sequence[Source], limits: Limits = LIMITS, *, exact: bool = False) -> Tensor:
        """Open and transform, on several threads: (images, 3, height, width) float32.

        Takes what `open_image` takes and raises what it raises. JPEG photographs may differ from the reference by
        one 8-bit level before normalisation (see `preprocessing.pixels`), unless `exact`.
        """
        result = numpy.empty((len(sources), 3, *self.size), numpy.float32)

        def store(place: int, pixels: Array) -> None:
            self._finish(pixels, result[place])

        load_resized(sources, self.resized_size, self.interpolation, limits, exact, store)
        return torch.from_numpy(result)

    def resized_size(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) a picture of `height` and `width` is resized to, before the cut or the padding."""
        if self.mode == "squash":
            return self.size
        target_height, target_width = self.size
        if self.mode == "crop" and (self.short_side or target_height == target_width):
            short = self.short_side or target_height
            if height <= width:
                return short, int(short * width / height)
            return int(short * height / width), short
        choose = min if self.mode == "crop" else max
        ratio = choose(height / target_height, width / target_width)
        return max(1, round(height / ratio)), max(1, round(width / ratio))

    def to_dict(self) -> dict[str, Any]:
        """As JSON writes it; `from_dict` reads it back."""
        return {"kind": "image"} | asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The transform that `to_dict` wrote. Raises `UsageError` for anything it would not have written."""
        return cls(**_arguments(values, cls, "image"))

    def _finish(self, pixels: Array, result: Array) -> None:
        """(height, width, 3) uint8, resized, to (3, height, width) float32 in place."""
        planes = _centred(pixels, self.size, self.rounding, self.fill).transpose(2, 0, 1)
        _normalise(planes, self.mean, self.std, result)


@dataclass(frozen=True, kw_only=True)
class PatchTransform:
    """Resize to as many whole patches as fit, keeping the aspect, and cut into patches (SigLIP 2 NaFlex).

    Source: arXiv:2502.14786, section 2.4.2; sizes as in google/siglip2-base-patch16-naflex.
    """

    patch_size: int = 16
    max_patches: int = 256
    interpolation: Interpolation = "bilinear"
    mean: Channels = (0.5, 0.5, 0.5)
    std: Channels = (0.5, 0.5, 0.5)

    def __post_init__(self) -> None:
        _check_choices(self.interpolation, FILTERS, "interpolation")
        _check_positive((self.patch_size, self.max_patches), "patch_size and max_patches", count=2)
        _check_channels(self.mean, self.std)

    def __call__(self, images: Sequence[Image.Image]) -> Patches:
        """Exactly the reference's result: pixels (images, max_patches, 3 * patch_size ** 2) float32, and the grid."""
        patches = self._empty(len(images))
        for place, image in enumerate(images):
            self._finish(resize(to_rgb(image, "the image"), self.resized_size, self.interpolation), patches, place)
        return patches

    def load(self, sources: Sequence[Source], limits: Limits = LIMITS, *, exact: bool = False) -> Patches:
        """Open and transform, on several threads; as `ImageTransform.load`."""
        patches = self._empty(len(sources))

        def store(place: int, pixels: Array) -> None:
            self._finish(pixels, patches, place)

        load_resized(sources, self.resized_size, self.interpolation, limits, exact, store)
        return patches

    def resized_size(self, height: int, width: int) -> tuple[int, int]:
        """The largest (height, width) in whole patches, at most `max_patches` of them, close to the aspect.

        Found as the reference finds it, by bisecting the scale, so that the last bit of rounding agrees too.
        """

        def scaled(scale: float) -> tuple[int, int]:
            rows = max(1, math.ceil(height * scale / self.patch_size))
            return rows, max(1, math.ceil(width * scale / self.patch_size))

        low, high = 1e-6, 100.0
        while high - low >= 1e-5:
            middle = (low + high) / 2
            if math.prod(scaled(middle)) <= self.max_patches:
                low = middle
            else:
                high = middle
        rows, columns = scaled(low)
        return rows * self.patch_size, columns * self.patch_size

    def to_dict(self) -> dict[str, Any]:
        """As JSON writes it; `from_dict` reads it back."""
        return {"kind": "patches"} | asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The transform that `to_dict` wrote. Raises `UsageError` for anything it would not have written."""
        return cls(**_arguments(values, cls, "patches"))

    def _empty(self, images: int) -> Patches:
        pixels = torch.zeros(images, self.max_patches, 3 * self.patch_size**2)
        return Patches(pixels, torch.zeros(images, 2, dtype=torch.int64))

    def _finish(self, pixels: Array, patches: Patches, place: int) -> None:
        """(height, width, 3) uint8, resized to whole patches, into its place among the patches."""
        side = self.patch_size
        rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
        planes = numpy.empty((3, *pixels.shape[:2]), numpy.float32)
        _normalise(pixels.transpose(2, 0, 1), self.mean, self.std, planes)
        cut = planes.reshape(3, rows, side, columns, side).transpose(1, 3, 2, 4, 0)
        patches.pixels.numpy()[place, : rows * columns] = cut.reshape(rows * columns, -1)
        patches.grid.numpy()[place] = rows, columns


def transform_from_dict(values: dict[str, Any]) -> ImageTransform | PatchTransform:
    """Either transform, from what its `to_dict` wrote."""
    return (PatchTransform if values.get("kind") == "patches" else ImageTransform).from_dict(values)


def _normalise(planes: Array, mean: Channels, std: Channels, result: Array) -> None:
    """(3, height, width) uint8 to float32. By numpy: waking torch's threads would cost more than it saves."""
    shift, scale = (255 * numpy.array(values)[:, None, None] for values in (mean, std))
    numpy.subtract(planes, shift.astype(numpy.float32), out=result)
    numpy.divide(result, scale.astype(numpy.float32), out=result)


def _centred(pixels: Array, size: tuple[int, int], rounding: str, fill: int) -> Array:
    """The middle of (height, width, 3), cut or padded to `size`."""
    for axis, wanted in enumerate(size):
        spare = pixels.shape[axis] - wanted
        if spare > 0:
            start = spare // 2 if rounding == "down" else round(spare / 2)
            pixels = pixels[(slice(None),) * axis + (slice(start, start + wanted),)]
        elif spare < 0:
            before = -spare // 2
            margins = [(0, 0), (0, 0), (0, 0)]
            margins[axis] = before, -spare - before
            pixels = numpy.pad(pixels, margins, constant_values=fill)
    return pixels


def _arguments(values: dict[str, Any], cls: type, kind: str) -> dict[str, Any]:
    """The arguments in a saved transform, every one of them there and none besides; lists back to tuples."""
    names = {field.name for field in fields(cls)}
    if values.get("kind") != kind or set(values) != names | {"kind"}:
        strange = sorted(set(values) ^ (names | {"kind"}))
        raise UsageError(f"not the description of an {kind} transform; keys missing or unknown: {strange}")
    return {name: tuple(value) if isinstance(value := values[name], list) else value for name in names}


def _check_choices(value: object, choices: object, name: str) -> None:
    known = list(cast(Any, choices))
    if value not in known:
        raise UsageError(f"{name} is one of {', '.join(known)}, not {value}")


def _check_positive(values: tuple[int, ...], name: str, count: int) -> None:
    if len(values) != count or not all(type(value) is int and value > 0 for value in values):
        raise UsageError(f"{name}: expected {count} whole numbers above zero, got {values}")


def _check_channels(mean: Channels, std: Channels) -> None:
    triples: dict[str, tuple[object, ...]] = {"mean": mean, "std": std}
    for name, values in triples.items():
        if len(values) != 3 or not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
            raise UsageError(f"{name}: expected three numbers, got {values}")
    if min(std) <= 0:
        raise UsageError(f"std: expected three numbers above zero, got {std}")
