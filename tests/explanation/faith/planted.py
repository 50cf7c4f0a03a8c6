"""A target that looks at known places of a picture only, so that it is known which map of it is right."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy
import torch
from PIL import Image
from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.explanation.target import AnyTarget

SIDE = 64


def noise(seed: int = 0, width: int = SIDE, height: int = SIDE) -> Image.Image:
    """A picture in which every cell of eight by eight has a colour of its own."""
    colours = numpy.random.default_rng(seed).integers(0, 256, (8, 8, 3), numpy.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.NEAREST)


@dataclass
class Looking:
    """How much each part of the picture is as it was: 0 if it is, less the further it is from that. Every part gives
    a score of its own; `shown` counts the pictures that were asked about."""

    picture: Image.Image
    parts: Sequence[Area]
    shown: list[int] = field(default_factory=list)

    @property
    def about(self) -> list[tuple[str, str]]:
        return [(f"part {place}", "label") for place in range(len(self.parts))]

    def prepare(self, pictures: Sequence[Image.Image]) -> Tensor:
        assert all(each.size == self.picture.size for each in pictures)
        self.shown.append(len(pictures))
        return torch.stack([torch.from_numpy(numpy.array(each, numpy.float32)) / 255 for each in pictures])

    def score(self, images: Tensor) -> Tensor:
        apart = (images - torch.from_numpy(numpy.array(self.picture, numpy.float32)) / 255).abs().mean(dim=-1)
        height, width = apart.shape[1:]
        return torch.stack(
            [
                -apart[
                    :,
                    round(part.top * height) : round(part.bottom * height),
                    round(part.left * width) : round(part.right * width),
                ].mean(dim=(1, 2))
                for part in self.parts
            ],
            dim=1,
        )


def looking(*parts: Area, width: int = SIDE, height: int = SIDE) -> AnyTarget:
    return cast("AnyTarget", Looking(noise(0, width, height), parts))


def map_of(part: Area, side: int = 16) -> Tensor:
    """(side, side): 1 in that part of the picture."""
    places = (torch.arange(side) + 0.5) / side
    rows, columns = ((places > part.top) & (places < part.bottom), (places > part.left) & (places < part.right))
    return (rows[:, None] & columns).float()


def asked(target: AnyTarget) -> Any:
    return cast("Any", target).shown
