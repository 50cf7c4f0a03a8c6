"""Contrast in flat memory: exact, forward and backward, and never the whole matrix of similarities.

The matrix of a batch of 32,768 takes 4 GiB, and what is computed of it as much again, several times. But a loss needs
no more of it at once than a tile. What a softmax needs of a whole row or column is one number, the logarithm of the sum
of its exponentials, which grows tile by tile. Backward, each tile is computed once more.

Each rank has its own rows of the matrix: its pictures (own, dimension) against the texts of all, (all, dimension), of
which those from `first` on are its own. Loss and gradients are such that their means over the ranks are those of all
(`Objective`).
"""

from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from seeread.training.ranks.gathering import gather

Tile = tuple[slice, slice, int]
"""Rows, columns, and which of the tile's diagonals has the true pairs: an offset, as `torch.diagonal` takes it."""


def tiled_info_nce(
    images: Tensor, texts: Tensor, scale: Tensor, first: int = 0, tile: int | None = None
) -> Tensor:
    """Symmetric InfoNCE (`info_nce`) of `scale` times the cosines of unit vectors; `scale` is (1,). `tile` is the side
    of a tile, what suits the device if None."""
    return cast(Tensor, _InfoNCE.apply(images, texts, scale, first, tile or _side(images)))  # type: ignore[no-untyped-call]


def tiled_sigmoid(
    images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor, first: int = 0, tile: int | None = None
) -> Tensor:
    """SigLIP's loss (`pairwise_sigmoid`) of `scale` times the cosines of unit vectors, plus `bias`; both are (1,)."""
    return cast(Tensor, _Sigmoid.apply(images, texts, scale, bias, first, tile or _side(images)))  # type: ignore[no-untyped-call]


class _InfoNCE(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, texts: Tensor, scale: Tensor, first: int, side: int) -> Tensor:
        scaled = images * scale
        rows, columns = images.new_full((len(images),), -torch.inf), texts.new_full((len(texts),), -torch.inf)
        for (down, across, _), logits in _logits(scaled, texts, first, side):
            rows[down] = rows[down].logaddexp(logits.logsumexp(dim=1))
            columns[across] = columns[across].logaddexp(logits.logsumexp(dim=0))
        columns = gather(columns[None]).logsumexp(dim=0)
        ctx.save_for_backward(images, texts, scale, rows, columns)
        ctx.first, ctx.side = first, side
        own = slice(first, first + len(images))
        right = (scaled * texts[own]).sum(dim=1)
        return (rows + columns[own] - 2 * right).mean() / 2

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, texts, scale, rows, columns = ctx.saved_tensors
        pulls = _Pulls(images, texts)
        for (down, across, diagonal), logits in _logits(images * scale, texts, ctx.first, ctx.side):
            shares = (logits - columns[across]).exp_().add_(logits.sub_(rows[down, None]).exp_())
            shares.diagonal(diagonal).sub_(2)
            pulls.add(shares, down, across)
        return *pulls.gradients(scale, gradient / (2 * len(images))), None, None


class _Sigmoid(torch.autograd.Function):
    """Every pair is judged on its own, so that a tile which has given its part of the loss can give that of the
    gradients in the same go."""

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor, first: int, side: int
    ) -> Tensor:
        learning, pulls = any(ctx.needs_input_grad), _Pulls(images, texts)
        losses, on_bias = [], []
        for (down, across, diagonal), logits in _logits(images * scale, texts, first, side):
            logits.add_(bias).diagonal(diagonal).neg_()  # now the larger, the more wrong
            losses.append(F.softplus(logits, threshold=40).sum())
            if learning:
                logits.sigmoid_().diagonal(diagonal).neg_()
                on_bias.append(logits.sum())
                pulls.add(logits, down, across)
        if learning:
            pulled = pulls.gradients(scale, 1 / len(images))
            ctx.save_for_backward(*pulled, torch.stack(on_bias).sum().view_as(bias) / len(images))
        return torch.stack(losses).sum() / len(images)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return *(each * gradient for each in ctx.saved_tensors), None, None


class _Pulls:
    """Where a loss pulls pictures and texts, added up tile by tile."""

    def __init__(self, images: Tensor, texts: Tensor):
        self.images, self.texts = images, texts
        self.on_images, self.on_texts = torch.zeros_like(images), torch.zeros_like(texts)

    def add(self, pull: Tensor, down: slice, across: slice) -> None:
        """The pull on the logits of a tile."""
        self.on_images[down].addmm_(pull, self.texts[across])
        self.on_texts[across].addmm_(pull.T, self.images[down])

    def gradients(self, scale: Tensor, weight: Tensor | float) -> tuple[Tensor, Tensor, Tensor]:
        """Of the pictures, the texts and the scale."""
        on_scale = (self.on_images * self.images).sum() * weight
        return (
            self.on_images.mul_(scale * weight),
            self.on_texts.mul_(scale * weight),
            on_scale.view_as(scale),
        )


def _logits(images: Tensor, texts: Tensor, first: int, side: int) -> Iterator[tuple[Tile, Tensor]]:
    """Each tile of the matrix, all in the same memory: whoever asks for the next is done with the one before."""
    memory = images.new_empty(min(side, len(images)) * min(side, len(texts)))
    for down in _cuts(len(images), side):
        for across in _cuts(len(texts), side):
            shape = down.stop - down.start, across.stop - across.start
            logits = memory[: shape[0] * shape[1]].view(shape)
            yield (
                (down, across, first + down.start - across.start),
                torch.mm(images[down], texts[across].T, out=logits),
            )


def _cuts(length: int, side: int) -> list[slice]:
    return [slice(start, min(start + side, length)) for start in range(0, length, side)]


def _side(vectors: Tensor) -> int:
    """On a CPU a tile that stays in its cache; elsewhere one that gives all cores something to do."""
    return 1024 if vectors.device.type == "cpu" else 4096
