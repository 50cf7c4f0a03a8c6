"""CLIP's modified ResNet: three-layer stem, pooling instead of strides (arXiv:2103.00020, section 2.4)."""

from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

EXPANSION = 4


@dataclass(frozen=True, kw_only=True)
class ResNetConfig:
    """`layers` counts the bottlenecks of the stages; RN50 is (3, 4, 6, 3) at a stem of 64. All published towers have
    four stages; of fewer, the features are finer and know less."""

    layers: tuple[int, ...]
    stem: int  # channels that leave the stem
    heads: int  # of the attention pooling; stem * 32 / 64 in all published towers
    image_size: int

    @property
    def width(self) -> int:
        """Channels of the features that come out."""
        return self.stem * 2 ** (len(self.layers) - 1) * EXPANSION

    @property
    def tokens(self) -> int:
        """Features an image becomes: with four stages one for every 32 x 32 pixels."""
        return (self.image_size // 2 ** (len(self.layers) + 1)) ** 2


class ResNet(nn.Module):
    """A convolutional tower; its map of features is given out as tokens, in reading order."""

    def __init__(self, c: ResNetConfig):
        super().__init__()
        half = c.stem // 2
        self.stem = nn.Sequential(
            ConvNorm(3, half, kernel=3, stride=2),
            ConvNorm(half, half, kernel=3),
            ConvNorm(half, c.stem, kernel=3),
            nn.AvgPool2d(2),
        )
        self.stages = nn.ModuleList()
        channels = c.stem
        for index, count in enumerate(c.layers):
            middle = c.stem * 2**index
            blocks = []
            for place in range(count):
                blocks.append(Bottleneck(channels, middle, stride=2 if index and not place else 1))
                channels = middle * EXPANSION
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, images: Tensor) -> Tensor:
        """(images, 3, height, width) to (images, tokens, width); four stages give one for every 32 x 32 pixels."""
        return self.features(images)

    def features(self, images: Tensor, skip_last: int = 0) -> Tensor:
        """The same without the last stages: for each that is skipped, four times the tokens of half the width."""
        x = self.stem(images)
        for stage in islice(self.stages, len(self.stages) - skip_last):
            x = stage(x)
        return x.flatten(2).transpose(1, 2)


class ConvNorm(nn.Module):
    """Convolution, batch norm and, unless told otherwise, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return torch.relu(x) if self.relu else x


class Bottleneck(nn.Module):
    """Narrow, look around, widen; where the map shrinks, it is averaged and not skipped over."""

    def __init__(self, inputs: int, middle: int, stride: int):
        super().__init__()
        outputs = middle * EXPANSION
        self.narrow = ConvNorm(inputs, middle, kernel=1)
        self.look = ConvNorm(middle, middle, kernel=3)
        self.widen = ConvNorm(middle, outputs, kernel=1, relu=False)
        self.shrink = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.shortcut = (
            ConvNorm(inputs, outputs, kernel=1, relu=False) if inputs != outputs else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.widen(self.shrink(self.look(self.narrow(x))))
        return torch.relu(y + self.shortcut(self.shrink(x)))
