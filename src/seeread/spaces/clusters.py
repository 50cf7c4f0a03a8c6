"""Pictures in groups of their like, and words for each group."""

from dataclasses import dataclass

import torch
from torch import Tensor

from seeread.spaces.gap import closed

_ROUNDS = 30
_STARTS = 3
_TRIED = (0.75, 0.875, 1.0, 1.125, 1.25, 1.375, 1.5)  # of the usual number of clusters
_SAMPLE = 2048  # pictures that the number of clusters is chosen on


@dataclass(frozen=True)
class Cluster:
    """Pictures that belong together: their places, the one most in the middle first, and the words that fit them and
    fit the others least, best first. `fit` is how many of the pictures are closer to its first name than to those of
    the other clusters; None without names, or others."""

    members: tuple[int, ...]
    names: tuple[str, ...] = ()
    fit: float | None = None

    @property
    def name(self) -> str:
        """Its best name; "" where there is none."""
        return self.names[0] if self.names else ""


def cluster(vectors: Tensor, count: int | None = None, seed: int = 0) -> list[Tensor]:
    """The places of unit vectors (points, dimension) by cluster, the largest first, and in each that which is closest
    to its middle first: k-means on the sphere, started far apart (k-means++), of points that are moved to have their
    mean at 0, for those of a model all lie on one side.

    Without a `count` it is near the cube root of the number of points; out of a few the one is taken whose clusters
    stand out best (the silhouette, simplified to middles).
    """
    points = closed(vectors)
    if len(points) < 2:
        return [torch.arange(len(points))] if len(points) else []
    random = torch.Generator().manual_seed(seed)
    middles = _chosen(points, random) if count is None else _best(points, min(count, len(points)), random)
    alike = points @ middles.T
    near = alike.argmax(dim=1)
    found = [places for each in range(len(middles)) if len(places := (near == each).nonzero().flatten())]
    ordered = [places[alike[places, near[places]].argsort(descending=True, stable=True)] for places in found]
    return sorted(ordered, key=len, reverse=True)


def named(vectors: Tensor, groups: list[Tensor], names: list[str], words: Tensor, most: int = 3) -> list[Cluster]:
    """The groups with names: `words` (names, dimension) are the vectors of `names`. Both kinds are moved to have their
    mean at 0, which closes the gap between them and leaves what is special to a group; no name is first twice."""
    if not names or not groups:
        return [Cluster(tuple(group.tolist())) for group in groups]
    points, terms = closed(vectors), closed(words) if len(words) > 1 else words
    middles = torch.stack([points[group].mean(dim=0) for group in groups])
    scores = torch.nn.functional.normalize(middles, dim=-1) @ terms.T
    firsts = _each_its_own(scores)
    ranked = scores.argsort(dim=1, descending=True)
    fits: list[float | None] = [None] * len(groups)
    if len(set(firsts)) > 1:
        sides = [(points[group] @ terms[firsts].T).argmax(dim=1) for group in groups]
        fits = [float((side == place).float().mean()) for place, side in enumerate(sides)]
    return [
        Cluster(
            tuple(group.tolist()),
            (names[first], *[names[each] for each in row[:most].tolist() if each != first][: most - 1]),
            fit,
        )
        for group, first, row, fit in zip(groups, firsts, ranked, fits, strict=True)
    ]


def _each_its_own(scores: Tensor) -> list[int]:
    """For each row a column: the best pairs first, none twice as long as there are enough."""
    left = scores.clone()
    firsts = [-1] * len(scores)
    for _ in range(len(scores)):
        row, column = divmod(int(left.argmax()), left.shape[1])
        firsts[row] = column
        left[row] = -torch.inf
        if len(set(firsts) - {-1}) < left.shape[1]:
            left[:, column] = torch.where(left[:, column] > -torch.inf, -2.0, left[:, column])
    return firsts


def _chosen(points: Tensor, random: torch.Generator) -> Tensor:
    """The middles of as many clusters as stand out best, out of a few numbers."""
    usual = max(2, round(len(points) ** 0.36))
    some = points[torch.randperm(len(points), generator=random)[:_SAMPLE]]
    numbers = sorted({max(2, round(usual * share)) for share in _TRIED})
    tried = [_best(some, min(number, len(some)), random) for number in numbers]
    best = max(tried, key=lambda middles: _silhouette(some, middles))
    return _settled(points, best)[0]


def _silhouette(points: Tensor, middles: Tensor) -> float:
    apart = 1 - (points @ middles.T).topk(2, dim=1).values
    return float((1 - apart[:, 0] / apart[:, 1].clamp_min(1e-9)).mean())


def _best(points: Tensor, count: int, random: torch.Generator) -> Tensor:
    tried = [_settled(points, _far_apart(points, count, random)) for _ in range(_STARTS)]
    return max(tried, key=lambda one: one[1])[0]


def _far_apart(points: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Points to start from: each is drawn by how far it lies from those that are there (k-means++)."""
    first = int(torch.randint(len(points), (), generator=random))
    chosen, apart = [first], 1 - points @ points[first]
    while len(chosen) < count:
        weights = apart.clamp_min(0) + 1e-12
        chosen.append(int(torch.multinomial(weights, 1, generator=random)))
        apart = torch.minimum(apart, 1 - points @ points[chosen[-1]])
    return points[chosen]


def _settled(points: Tensor, middles: Tensor) -> tuple[Tensor, float]:
    """The middles (clusters, dimension) once nothing moves any more, and how alike points are to theirs."""
    near = torch.full((len(points),), -1)
    for _ in range(_ROUNDS):
        alike = points @ middles.T
        before, near = near, alike.argmax(dim=1)
        if torch.equal(before, near):
            break
        sums = torch.zeros_like(middles).index_add_(0, near, points)
        empty = sums.norm(dim=1) < 1e-9
        middles = torch.where(empty[:, None], middles, torch.nn.functional.normalize(sums, dim=-1))
    return middles, float((points @ middles.T).amax(dim=1).mean())
