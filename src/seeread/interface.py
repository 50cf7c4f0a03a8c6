"""What goes into a model, and what a model can do."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from seeread.nn.cache import Cache


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

    def tokens(self) -> list[int]:
        """How many tokens each picture becomes in a text (Fuyu): its patches, and one more for the end of every row."""
        return [rows * (columns + 1) for rows, columns in self.grid.tolist()]

    def to(self, where: torch.device | torch.dtype) -> "Patches":
        """The same patches on another device or in another precision; the grid stays whole numbers."""
        pixels = self.pixels.to(where)
        return Patches(pixels, self.grid.to(pixels.device))


@dataclass(frozen=True)
class Tiles:
    """Large pictures, each seen whole and then once more in tiles (LLaVA-NeXT's "anyres").

    `pixels` is (tiles in all, 3, side, side): of every picture first the whole of it, squeezed into one tile, and then
    its tiles in reading order. `grids` is (images, 2), the rows and columns of the tiles after the first; `sizes` is
    (images, 2), the height and width of the pictures in pixels, which tell how much of the tiles is padding. With
    `apart` there is none, and tiles take no places among the words: they are read beside them (hybrid models).
    """

    pixels: Tensor
    grids: Tensor
    sizes: Tensor
    apart: bool = False

    def __len__(self) -> int:
        return len(self.grids)

    def extents(self, side: int) -> list[tuple[slice, slice]]:
        """For each picture the rows and columns of its map of features that show it, where every tile gives `side` x
        `side` features: all but those of the padding that the tiles were filled with (the original's arithmetic)."""
        extents = []
        for (rows, columns), (height, width) in zip(self.grids.tolist(), self.sizes.tolist(), strict=True):
            rows, columns = rows * side, columns * side
            top = left = 0
            if width * rows > height * columns:  # wider than the grid: padding above and below
                top = (rows - int(round(height * (columns / width), 7))) // 2
            else:
                left = (columns - int(round(width * (rows / height), 7))) // 2
            extents.append((slice(top, rows - top), slice(left, columns - left)))
        return extents

    def tokens(self, side: int) -> list[int]:
        """How many tokens each picture becomes, where every tile gives `side` x `side` features: those of the whole,
        those of its map, and one more for the end of every row of the map."""
        if self.apart:
            return [side**2] * len(self)
        return [
            side**2 + (rows.stop - rows.start) * (columns.stop - columns.start + 1)
            for rows, columns in self.extents(side)
        ]

    def to(self, where: torch.device | torch.dtype) -> "Tiles":
        """The same tiles on another device or in another precision. Grids and sizes stay where they are, on the CPU:
        they are for counting."""
        return replace(self, pixels=self.pixels.to(where))


@dataclass(frozen=True)
class Frames:
    """Videos, for models that see several pictures as one (Flamingo): `pixels` is (frames in all, 3, height, width),
    those of each video one behind the other, and `counts` (videos,) says how many each has. A picture is a video of
    one frame."""

    pixels: Tensor
    counts: Tensor

    def __len__(self) -> int:
        return len(self.counts)

    def to(self, where: torch.device | torch.dtype) -> "Frames":
        """The same frames on another device or in another precision. The counts stay where they are, on the CPU."""
        return replace(self, pixels=self.pixels.to(where))


Images = Tensor | Patches | Tiles | Frames
"""(images, 3, height, width), or patches of images of any size, or tiles, or videos."""


@dataclass(frozen=True)
class Square:
    """A model takes pictures of one size, `side` x `side` pixels."""

    side: int


@dataclass(frozen=True)
class Tiled:
    """A model takes `Tiles` of `side` x `side` pixels; if it reads them apart from the whole, `apart` is the most of
    them that a picture may have."""

    side: int
    apart: int | None = None


@dataclass(frozen=True)
class Patched:
    """A model takes `Patches` of `patch` x `patch` pixels, of pictures of any resolution and aspect."""

    patch: int


Pictures = Square | Tiled | Patched
"""What the pictures that a model takes must be like."""


class Role(IntEnum):
    """Why a token is there. Positions, masks, the places of images and what is learned from all follow from it."""

    PADDING = 0
    IMAGE = 1  # a place that an image token takes
    PROMPT = 2  # given
    ANSWER = 3  # written by the model, and learned from


@dataclass(frozen=True)
class Batch:
    """What a model that writes reads: token ids and a `Role` each, both (batch, tokens), and the pictures that belong
    to the image places, in reading order: as `images`, or as `sight`, what `see` has made of them, one entry for each
    place: (image places, width), or (image places, media tokens, width) where more than one token belongs to a place.
    Padding may be anywhere; by custom it is on the left, so that every row ends at the same place."""

    tokens: Tensor
    roles: Tensor
    images: Images | None = None
    sight: Tensor | None = None

    def where(self, role: Role) -> Tensor:
        """(batch, tokens): True where the token has that role."""
        return self.roles == role

    @property
    def valid(self) -> Tensor:
        """(batch, tokens): True where there is a token and no padding."""
        return self.roles != Role.PADDING

    def followed_by(self, tokens: Tensor) -> "Batch":
        """The next step of generation: only the new tokens, (batch, new), as answers; no images."""
        return Batch(tokens, torch.full_like(tokens, Role.ANSWER))

    def targets(self, ignore: int = -100) -> Tensor:
        """(batch, tokens): for every token the one that follows it, where that is an answer, and else `ignore`."""
        answers = torch.where(self.where(Role.ANSWER), self.tokens, ignore)
        return torch.cat((answers[:, 1:], answers.new_full((len(answers), 1), ignore)), dim=1)

    def to(self, device: torch.device, precision: torch.dtype | None = None) -> "Batch":
        """The same batch on another device, its pictures in `precision`."""
        images, sight = self.images, self.sight
        if images is not None:
            images = images.to(device) if precision is None else images.to(device).to(precision)
        if sight is not None:
            sight = sight.to(device, precision)
        return Batch(self.tokens.to(device), self.roles.to(device), images, sight)


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
        """Logits (images, texts) of unit vectors (images, dimension) and (texts, dimension): their cosines, scaled and
        moved."""
        ...


@runtime_checkable
class Generates(Protocol):
    """Reads pictures and words, and says of every next token how likely it is."""

    @property
    def reads_ahead(self) -> bool:
        """Whether a prompt's tokens also look at those behind them (PaliGemma). What has been read of a prompt can be
        shared with another that begins alike only where they do not."""
        ...

    def see(self, images: Images) -> Tensor:
        """What belongs to the image places of the sequence, one entry each: (image places in all, width), which takes
        the place, or (image places, media tokens, width), which words read from there (Flamingo)."""
        ...

    def read(self, batch: Batch, cache: Cache | None = None) -> Tensor:
        """Features (batch, tokens, width), ready for `logits`. With a cache a batch goes on from what it has read
        before, and is remembered."""
        ...

    def logits(self, features: Tensor) -> Tensor:
        """(..., width) to scores of the next token, (..., vocabulary)."""
        ...


@runtime_checkable
class Classifies(Protocol):
    """Tells which of the classes that it was trained on an image shows."""

    def classify(self, images: Images) -> Tensor:
        """Logits (images, classes)."""
        ...


@runtime_checkable
class Fills(Protocol):
    """Reads a text with gaps, both ways, and says of every place what may stand there."""

    def fill(self, tokens: Tensor, valid: Tensor | None = None) -> Tensor:
        """Logits (texts, tokens, vocabulary) of token ids (texts, tokens); `valid`, (texts, tokens), is True where
        there is no padding."""
        ...
