"""What goes into a model, and what a model can do."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor


@dataclass(frozen=True)
class Patches:
    """Images of any resolution and aspect, already cut into patches (SigLIP 2 NaFlex, arXiv:2502.14786).

    `pixels` is (images, patches, 3 * patch * patch), each row in the order (patch row, patch column, channel);
    `grid` is (images, 2): how many rows and columns of patches an image really has. What follows them is padding.
    """

    pixels: Tensor
    grid: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def valid(self) -> Tensor:
        """(images, patches): True where there is a patch, False where there is padding."""
        places = torch.arange(self.pixels.shape[1], device=self.grid.device)
        return places < self.grid.prod(dim=1, keepdim=True)

    def to(self, where: torch.device | torch.dtype) -> "Patches":
        """The same patches on another device or in another precision; the grid stays whole numbers."""
        pixels = self.pixels.to(where)
        return Patches(pixels, self.grid.to(pixels.device))


Images = Tensor | Patches
"""(images, 3, height, width), or patches of images of any size."""


@runtime_checkable
class Embeds(Protocol):
    """Images and texts to unit vectors in one space."""

    def embed_image(self, images: Images) -> Tensor:
        """Unit vectors, (images, dimension)."""
        ...

    def embed_text(self, tokens: Tensor) -> Tensor:
        """Unit vectors, (texts, dimension), of token ids (texts, tokens)."""
        ...


@runtime_checkable
class Compares(Embeds, Protocol):
    """Embeds, and has learned how alike an image and a text must be to belong together."""

    @property
    def loss(self) -> Literal["softmax", "sigmoid"]:
        """How it was trained: to pick one text of many, or to judge each on its own."""
        ...

    def compare(self, images: Tensor, texts: Tensor) -> Tensor:
        """Logits (images, texts) of unit vectors (images, dimension) and (texts, dimension)."""
        ...
