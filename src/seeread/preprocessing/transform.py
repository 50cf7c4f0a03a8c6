"""From pictures to what an image tower eats: `ImageTransform` for a fixed size, `PatchTransform` for any aspect."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy
import torch
from PIL import Image
from torch import Tensor

from seeread.errors import UsageError
from seeread.interface import Patches
from seeread.preprocessing.colour import to_rgb
from seeread.preprocessing.image import LIMITS, Limits, Source, open_image
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.pixels import (
    FILTERS,
    Array,
    Channels,
    Interpolation,
    load_pictures,
    load_resized,
    normalise,
    resize,
)
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform_fields import arguments, check_channels, check_choices, check_positive

OPENAI_MEAN: Channels = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD: Channels = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class ImageTransform:
    """Resize, crop or pad to one size, scale to [0, 1], subtract `mean`, divide by `std`.

    `mode` "crop" resizes until the picture covers `size` and cuts out its middle (CLIP), "squash" ignores its
    aspect (SigLIP), "pad" resizes until it fits inside and surrounds it with `fill` (open_clip's "longest"), "square"
    surrounds it with the mean colour until it is square, and then resizes (LLaVA 1.5 as its authors trained it), "cut"
    resizes what it first cuts out of its middle, a square as large as `size` is beside `short_side` (Perceiver).
    """

    size: tuple[int, int]  # height, width
    mode: Literal["crop", "squash", "pad", "square", "cut"] = "crop"
    interpolation: Interpolation = "bicubic"
    mean: Channels = OPENAI_MEAN
    std: Channels = OPENAI_STD
    short_side: int | None = None  # crop, cut: the short side is as this, not as `size` (256, of which 224 are cut)
    rounding: Literal["half_even", "down"] = "half_even"  # where the middle is: torchvision's rule, transformers' rule
    fill: int = 0  # pad: grey level, 0 to 255

    def __post_init__(self) -> None:
        check_choices(self.mode, ("crop", "squash", "pad", "square", "cut"), "mode")
        check_choices(self.interpolation, FILTERS, "interpolation")
        check_choices(self.rounding, ("half_even", "down"), "rounding")
        check_positive(self.size, "size", count=2)
        check_channels(self.mean, self.std)
        if self.short_side is not None:
            check_positive((self.short_side,), "short_side", count=1)
        if self.short_side is not None and (self.mode not in ("crop", "cut") or self.short_side < max(self.size)):
            raise UsageError("short_side belongs to mode crop or cut, and is at least as large as both numbers of size")
        if self.mode in ("square", "cut") and self.size[0] != self.size[1]:
            raise UsageError(f"mode {self.mode} makes square pictures, and size is not square")
        if self.fill not in range(256):
            raise UsageError(f"fill is a grey level from 0 to 255, not {self.fill}")

    def __call__(self, images: Sequence[Image.Image]) -> Tensor:
        """Exactly the reference's result: (images, 3, height, width) float32."""
        result = numpy.empty((len(images), 3, *self.size), numpy.float32)
        for image, place in zip(images, result, strict=True):
            self._finish(self._resized(to_rgb(image, "the image")), place)
        return torch.from_numpy(result)

    def load(self, sources: Sequence[Source], limits: Limits = LIMITS, *, exact: bool = False) -> Tensor:
        """Open and transform, on several threads: (images, 3, height, width) float32.

        Takes what `open_image` takes and raises what it raises. JPEG photographs may differ from the reference by
        one 8-bit level before normalisation (see `preprocessing.pixels`), unless `exact`.
        """
        result = numpy.empty((len(sources), 3, *self.size), numpy.float32)

        def store(place: int, pixels: Array) -> None:
            self._finish(pixels, result[place])

        if self.mode in ("square", "cut"):  # these come before it is resized
            load_pictures(sources, limits, lambda place, image: store(place, self._resized(image)))
        else:
            load_resized(sources, self.resized_size, self.interpolation, limits, exact, store)
        return torch.from_numpy(result)

    def shape(self, source: Source, limits: Limits = LIMITS) -> Array:
        """One picture as `load` makes it but for its numbers: (height, width, 3) uint8 of the final size, to be kept in
        a quarter of the memory until `normalised` is asked for."""
        found: list[Array] = []
        if self.mode in ("square", "cut"):
            found.append(self._resized(open_image(source, limits)))
        else:
            load_resized([source], self.resized_size, self.interpolation, limits, False, lambda _, p: found.append(p))
        return numpy.array(_centred(found[0], self.size, self.rounding, self.fill))

    def normalised(self, shaped: Sequence[Array]) -> Tensor:
        """Pictures of the final size, (height, width, 3) uint8, to what the model takes: (images, 3, height, width)
        float32, all at once."""
        pixels = torch.from_numpy(numpy.stack(shaped)).permute(0, 3, 1, 2)
        result = pixels.to(torch.float32, memory_format=torch.contiguous_format)
        channels = torch.tensor((self.mean, self.std), dtype=torch.float64).view(2, 3, 1, 1)
        shift, scale = (255 * channels).float()  # rounded as `pixels.normalise` does it
        return result.sub_(shift).div_(scale)

    def resized_size(self, height: int, width: int) -> tuple[int, int]:
        """The (height, width) a picture of `height` and `width` is resized to, before the cut or the padding."""
        if self.mode in ("squash", "square", "cut"):
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
        return cls(**arguments(values, cls, "image"))

    def _resized(self, image: Image.Image) -> Array:
        if self.mode == "square" and image.width != image.height:
            side = max(image.size)
            red, green, blue = (int(255 * level) for level in self.mean)
            square = Image.new("RGB", (side, side), (red, green, blue))
            square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
            image = square
        if self.mode == "cut":
            share = self.size[0] / (self.short_side or self.size[0])
            side = max(1, int(share * min(image.size)))
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.crop((left, top, left + side, top + side))
        return resize(image, self.resized_size, self.interpolation)

    def _finish(self, pixels: Array, result: Array) -> None:
        """(height, width, 3) uint8, resized, to (3, height, width) float32 in place."""
        planes = _centred(pixels, self.size, self.rounding, self.fill).transpose(2, 0, 1)
        normalise(planes, self.mean, self.std, result)


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
        check_choices(self.interpolation, FILTERS, "interpolation")
        check_positive((self.patch_size, self.max_patches), "patch_size and max_patches", count=2)
        check_channels(self.mean, self.std)

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
        return cls(**arguments(values, cls, "patches"))

    def _empty(self, images: int) -> Patches:
        pixels = torch.zeros(images, self.max_patches, 3 * self.patch_size**2)
        return Patches(pixels, torch.zeros(images, 2, dtype=torch.int64))

    def _finish(self, pixels: Array, patches: Patches, place: int) -> None:
        """(height, width, 3) uint8, resized to whole patches, into its place among the patches."""
        side = self.patch_size
        rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
        planes = numpy.empty((3, *pixels.shape[:2]), numpy.float32)
        normalise(pixels.transpose(2, 0, 1), self.mean, self.std, planes)
        cut = planes.reshape(3, rows, side, columns, side).transpose(1, 3, 2, 4, 0)
        patches.pixels.numpy()[place, : rows * columns] = cut.reshape(rows * columns, -1)
        patches.grid.numpy()[place] = rows, columns


Transform = ImageTransform | PatchTransform | TileTransform | LineTransform
"""Whatever prepares pictures for a model."""

_KINDS: dict[str, type[Transform]] = {
    "image": ImageTransform,
    "patches": PatchTransform,
    "tiles": TileTransform,
    "lines": LineTransform,
}


def transform_from_dict(values: dict[str, Any]) -> Transform:
    """Any transform, from what its `to_dict` wrote."""
    return _KINDS.get(str(values.get("kind")), ImageTransform).from_dict(values)


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
