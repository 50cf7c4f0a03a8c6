"""The modality gap: pictures and texts lie in the same space, and yet apart (arXiv:2203.02053)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_FOLDS = 5
_MOST = 4096  # points of each kind that separability is measured on
_BLOCK = 2048


@dataclass(frozen=True)
class Gap:
    """How far pictures and texts of a model lie apart. Cosines are means; None where there is nothing to be told.

    `distance` is that of the mean picture from the mean text, of unit vectors: 0 to 2. `separable` is how many of both
    kinds, in equal parts, a plane tells apart that it was not fitted to: 1 all of them, 0.5 is chance. `paired` counts
    pictures with a caption of their own; `found` is how many of these are closest to it among all texts. What is
    `closed` is measured again when each kind is moved to have its mean in the middle.
    """

    pictures: int
    texts: int
    distance: float
    separable: float | None
    separable_closed: float | None
    among_pictures: float | None
    among_texts: float | None
    across: float  # of a picture with any text that is not its own
    paired: int = 0
    of_pairs: float | None = None
    found: float | None = None
    found_closed: float | None = None


def closed(vectors: Tensor, middle: Tensor | None = None) -> Tensor:
    """Unit vectors (points, dimension) of one kind, moved to have their mean, or `middle`, at 0; made unit again."""
    return F.normalize(vectors - (vectors.mean(dim=0) if middle is None else middle), dim=-1)


def modality_gap(pictures: Tensor, texts: Tensor, owners: Tensor | None = None, seed: int = 0) -> Gap:
    """The gap between unit vectors (pictures, dimension) and (texts, dimension), one at least of each. `owners`
    (texts,) has the place of the picture that a text is the caption of, -1 of none."""
    mean_picture, mean_text = pictures.mean(dim=0), texts.mean(dim=0)
    pairs = torch.empty(0, 2, dtype=torch.long)
    if owners is not None and (owners >= 0).any():
        own = (owners >= 0).nonzero().flatten()
        pairs = torch.stack([owners[own], own], dim=1)
    of_pairs = (pictures[pairs[:, 0]] * texts[pairs[:, 1]]).sum(dim=1)
    others = len(pictures) * len(texts) - len(pairs)
    everything = float(mean_picture @ mean_text) * len(pictures) * len(texts)
    moved = closed(pictures), closed(texts)
    return Gap(
        pictures=len(pictures),
        texts=len(texts),
        distance=float((mean_picture - mean_text).norm()),
        separable=separability(pictures, texts, seed),
        separable_closed=separability_closed(pictures, texts, seed),
        among_pictures=_among(pictures),
        among_texts=_among(texts),
        across=(everything - float(of_pairs.sum())) / others if others else float(of_pairs.mean()),
        paired=len(pairs),
        of_pairs=float(of_pairs.mean()) if len(pairs) else None,
        found=_found(pictures, texts, pairs) if len(pairs) else None,
        found_closed=_found(*moved, pairs) if len(pairs) else None,
    )


def separability(one: Tensor, other: Tensor, seed: int = 0) -> float | None:
    """How many vectors of two kinds, half of each, a plane tells apart: by ridge regression on four fifths, counted on
    the fifth, in turns. None of fewer than five of either kind."""
    if min(len(one), len(other)) < _FOLDS:
        return None
    kinds = [part.double() for part in _shuffled(one, other, seed)]
    right = []
    for fold in range(_FOLDS):
        held = [torch.arange(len(part)) % _FOLDS == fold for part in kinds]
        plane = _plane(*(part[~mask] for part, mask in zip(kinds, held, strict=True)))
        sides = [_side(part[mask], plane) for part, mask in zip(kinds, held, strict=True)]
        right.append(((sides[0] > 0).double().mean() + (sides[1] < 0).double().mean()) / 2)
    return float(torch.stack(right).mean())


def separability_closed(one: Tensor, other: Tensor, seed: int = 0) -> float | None:
    """The same of vectors that are moved to have the mean of their kind in the middle. Means are those of one half, and
    the other half is told apart, then the other way round: vectors whose own mean was taken lean to the wrong side.
    None of fewer than twenty of either kind, whose mean nobody knows."""
    if min(len(one), len(other)) < 4 * _FOLDS:
        return None
    kinds = _shuffled(one, other, seed)
    told = []
    for first in (0, 1):
        middles = [part[first::2].mean(dim=0) for part in kinds]
        halves = [closed(part[1 - first :: 2], middle) for part, middle in zip(kinds, middles, strict=True)]
        told.append(separability(halves[0], halves[1], seed))
    return sum(share for share in told if share is not None) / len(told)


def _shuffled(one: Tensor, other: Tensor, seed: int) -> list[Tensor]:
    """At most so many of both as are worth it, in another order."""
    random = torch.Generator().manual_seed(seed)
    return [part[torch.randperm(len(part), generator=random)[:_MOST]] for part in (one, other)]


def _plane(one: Tensor, other: Tensor) -> Tensor:
    """Ridge regression onto 1 and -1, each kind with half of the weight: (dimension + 1,)."""
    points = torch.cat([one, other])
    points = torch.cat([points, points.new_ones(len(points), 1)], dim=1)
    aims = torch.cat([one.new_ones(len(one)), -other.new_ones(len(other))])
    weights = torch.cat([one.new_full((len(one),), 0.5 / len(one)), other.new_full((len(other),), 0.5 / len(other))])
    weighted = points * weights[:, None]
    ridge = 1e-4 * torch.eye(points.shape[1], dtype=points.dtype)
    plane: Tensor = torch.linalg.solve(weighted.T @ points + ridge, weighted.T @ aims)
    return plane


def _side(points: Tensor, plane: Tensor) -> Tensor:
    return points @ plane[:-1] + plane[-1]


def _among(vectors: Tensor) -> float | None:
    """The mean cosine of two different vectors."""
    count = len(vectors)
    if count < 2:
        return None
    return float((vectors.sum(dim=0).square().sum() - vectors.square().sum()) / (count * (count - 1)))


def _found(pictures: Tensor, texts: Tensor, pairs: Tensor) -> float:
    """How many pictures have no text closer than their own."""
    right = 0
    for some in pairs.split(_BLOCK):
        own = (pictures[some[:, 0]] * texts[some[:, 1]]).sum(dim=1)
        best = (pictures[some[:, 0]] @ texts.T).amax(dim=1)
        right += int((own >= best - 1e-6).sum())
    return right / len(pairs)
