"""The vision transformer of SigLIP 2 NaFlex: any resolution, native aspect (arXiv:2502.14786)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.nn.mask import key_mask
from seeread.nn.transformer import Transformer, TransformerConfig


@dataclass(frozen=True, kw_only=True)
class NaFlexConfig:
    """A tower for images cut into at most so many patches, whatever their shape."""

    transformer: TransformerConfig
    patch_size: int
    positions: int  # side of the square grid of learned positions; stretched to each image's own grid

    @property
    def width(self) -> int:
        """Of the features that come out."""
        return self.transformer.width


class NaFlexViT(nn.Module):
    """As `ViT`, over patches that come ready-cut, with positions stretched to the grid of each image."""

    def __init__(self, c: NaFlexConfig):
        super().__init__()
        self.patches = nn.Linear(3 * c.patch_size**2, c.width)
        self.positions = nn.Parameter(torch.zeros(c.positions**2, c.width))
        self.transformer = Transformer(c.transformer)
        self.norm = nn.LayerNorm(c.width, c.transformer.norm_eps)

    def forward(self, pixels: Tensor, grid: Tensor, valid: Tensor) -> Tensor:
        """Patches (images, patches, 3 * patch * patch), the grid (images, 2) of each and what is no padding
        (images, patches), to (images, patches, width). Features of padding mean nothing."""
        x = self.patches(pixels) + self.stretched_positions(grid, pixels.shape[1])
        return self.norm(self.transformer(x, key_mask(valid)))

    def stretched_positions(self, grid: Tensor, patches: int) -> Tensor:
        """The learned square of positions, resized to each image's rows and columns: (images, patches, width)."""
        side = int(len(self.positions) ** 0.5)
        square = self.positions.float().view(1, side, side, -1).permute(0, 3, 1, 2)
        rows = []
        for height, width in grid.tolist():
            resized = F.interpolate(square, (height, width), mode="bilinear", antialias=True)
            rows.append(F.pad(resized.flatten(2)[0].T, (0, 0, 0, patches - height * width)))
        return torch.stack(rows).to(self.positions.dtype)
