"""Variation of training pictures, a whole batch at once: crop and stretch, mirror, light and colour."""

import torch
import torch.nn.functional as F
from torch import Tensor


def random_resized_crop(
    images: Tensor, side: int, generator: torch.Generator, area: float = 0.4, stretch: float = 4 / 3
) -> Tensor:
    """Of each picture (count, 3, height, width; uint8) a part of at least `area` of it, stretched by at most
    `stretch` and mirrored every second time: (count, 3, side, side), float32, 0 to 1."""
    count = len(images)

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count).uniform_(low, high, generator=generator)

    size = uniform(area, 1.0).sqrt()
    aspect = uniform(-1.0, 1.0).mul(torch.tensor(stretch).log() / 2).exp()
    width, height = (size * aspect).clamp(max=1.0), (size / aspect).clamp(max=1.0)
    mirror = torch.where(uniform(0.0, 1.0) < 0.5, -1.0, 1.0)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = width * mirror, height
    theta[:, 0, 2], theta[:, 1, 2] = uniform(-1.0, 1.0) * (1 - width), uniform(-1.0, 1.0) * (1 - height)
    grid = F.affine_grid(theta, [count, 3, side, side], align_corners=False)
    return F.grid_sample(images.float() / 255, grid, padding_mode="reflection", align_corners=False).clamp(0, 1)


def colour_jitter(images: Tensor, generator: torch.Generator, strength: float = 0.3) -> Tensor:
    """Brightness, contrast and saturation of each picture (count, 3, height, width; 0 to 1) by a factor of up to
    1 plus or minus `strength`; and one picture in ten without its colours."""

    def factor() -> Tensor:
        return torch.empty(len(images), 1, 1, 1).uniform_(1 - strength, 1 + strength, generator=generator)

    images = images * factor()
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * factor()
    grey = images.mean(dim=1, keepdim=True)
    keep = torch.rand(len(images), 1, 1, 1, generator=generator) >= 0.1
    return (grey + (images - grey) * factor() * keep).clamp(0, 1)
