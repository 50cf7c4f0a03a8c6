"""Ablation: image tokens of a model that writes are taken away, and what that does to the answer is seen.

A token that is taken away becomes the mean of those that stay, which says that there is a picture and nothing of that
spot. Neo et al. (arXiv:2410.07149, section 4) take the mean of many pictures; one of this picture with the token in it
would still tell what was there.

What several tokens know is not missed when one of them is gone. A tower spreads what it sees, so that a map with
nothing in it does not say that nothing was seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seeread.errors import UsageError
from seeread.explanation.causal.effects import AT_ONCE, Effects, Region, cells, drawn, told
from seeread.explanation.causal.spots import mixed, spots
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.target import AnyTarget, Written
from seeread.interface import Batch

SIDE = 8
"""The grid of the method has so many rows and columns, or fewer where the picture has fewer tokens. Neighbours stay: of
planted shortcuts, taking them along found fewer."""

NUDGE = 1e-5
"""What lies on the edge between two cells belongs to the second, however it is rounded."""

MIXED = (
    "The image tokens of this model are mixtures of the whole picture: none of them stands for a part of it that could "
    "be taken away. Ask by occlusion, which paints over the picture itself."
)


@dataclass(frozen=True)
class _Seen:
    """One picture as it is read: a batch with its `sight`, its tokens (tokens, ...), and what they show, (tokens, 4),
    as `spots` tells it."""

    batch: Batch
    tokens: Tensor
    shows: Tensor

    @property
    def spotted(self) -> Tensor:
        """(tokens,): which of them stand for a spot."""
        return ~self.shows[:, 0].isnan()

    @property
    def area(self) -> Area:
        """All that they show together."""
        shown = self.shows[self.spotted]
        return Area(*shown[:, :2].amin(dim=0).tolist(), *shown[:, 2:].amax(dim=0).tolist())

    @property
    def grid(self) -> tuple[int, int]:
        """How many rows and columns of cells they tell apart."""
        shown = self.shows[self.spotted]
        middles = ((shown[:, :2] + shown[:, 2:]) / 2).mul(10_000).round()  # what is rounded otherwise is the same
        columns, rows = (len(middles[:, axis].unique()) for axis in range(2))
        return min(rows, SIDE), min(columns, SIDE)

    def inside(self, part: Area) -> Tensor:
        """(tokens,): whether the middle of what a token shows lies in a part of the picture."""
        x, y = (self.shows[:, axis : axis + 3 : 2].mean(dim=1) + NUDGE for axis in range(2))
        return (part.left <= x) & (x < part.right) & (part.top <= y) & (y < part.bottom)

    def without(self, taken: Tensor) -> Batch:
        """The picture read in several ways, in each without the tokens that `taken`, (ways, tokens), marks."""
        tokens, ways = self.tokens, len(taken)
        left = self.spotted & ~taken
        left = torch.where(left.any(dim=1, keepdim=True), left, self.spotted)  # all of them taken: their own mean
        shares = (left / left.sum(dim=1, keepdim=True)).to(tokens)
        means = torch.tensordot(shares, tokens, dims=1)[:, None]  # (ways, 1, ...)
        marked = taken.to(tokens.device).view(*taken.shape, *[1] * (tokens.ndim - 1))
        changed = torch.where(marked, means, tokens)
        assert self.batch.sight is not None
        return Batch(
            self.batch.tokens.expand(ways, -1),
            self.batch.roles.expand(ways, -1),
            sight=changed.reshape(-1, *self.batch.sight.shape[1:]),
        )


@torch.no_grad()
def ablate(target: Written, regions: Sequence[Region]) -> Effects:
    """What the image tokens of each region do for the scores: those whose middle lies in it are taken away, together.

    Raises UsageError for a model whose image tokens lie nowhere in the picture.
    """
    if mixed(target.model):
        raise UsageError(MIXED)
    seen = _see(target)
    scores = target.score_batch(seen.batch)[0].float().cpu()
    parts = [scores.new_empty(0, len(scores))]
    for start in range(0, len(regions), AT_ONCE):
        taken = torch.stack([seen.inside(region.area) for region in regions[start : start + AT_ONCE]])
        parts.append(target.score_batch(seen.without(taken)).float().cpu())
    return told([name for name, _ in target.about], scores, regions, torch.cat(parts))


def _see(target: Written) -> _Seen:
    batch = target.batch(target.prepare([target.picture]))
    assert batch.images is not None
    sight = target.model.generating.see(batch.images)
    shows = spots(target.model, batch.images, sight, *target.picture.size)
    tokens = sight[0] if len(sight) == 1 else sight  # of a single entry its media tokens are meant
    return _Seen(replace(batch, images=None, sight=sight), tokens, shows)


def _fits(target: AnyTarget) -> str | None:
    if not isinstance(target, Written):
        return "the model compares, and has no image tokens that words read"
    return "its image tokens are mixtures of the whole picture" if mixed(target.model) else None


@torch.no_grad()
def _maps(target: AnyTarget) -> list[Drawn]:
    assert isinstance(target, Written)
    seen = _see(target)
    effects = ablate(target, cells(*seen.grid, seen.area))
    return drawn(effects, *seen.grid, seen.area)


ABLATION = Method(
    name="ablation",
    summary="How far the probability of the answer falls when image tokens are replaced by the mean of the others.",
    source="arXiv:2410.07149",
    kind="shipped",
    fits=_fits,
    maps=_maps,
)
"""For models that write, whose image tokens stand for parts of the picture."""
