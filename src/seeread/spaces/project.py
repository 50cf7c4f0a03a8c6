"""Vectors of many dimensions on a map of two."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from seeread.errors import UsageError

By = Literal["pca", "umap", "pacmap"]
"""PCA turns the space so that it is seen from where it is widest, and distances keep their meaning. UMAP
(arXiv:1802.03426) and PaCMAP (JMLR 22(201), 2021) keep neighbours together, at the price of all other distances."""

_LEAST = 16  # points that methods of neighbours need
_NEAREST = 10


@dataclass(frozen=True)
class Projection:
    """A map: `places` (points, 2), about 1 wide in each direction around its middle, of the vectors that made it, and a
    way to `place` others, (more, dimension) to (more, 2). `explained` is the share of the variance that each of its
    axes shows, where it shows one (PCA)."""

    places: Tensor
    place: Callable[[Tensor], Tensor]
    explained: tuple[float, ...] = ()

    def turned_like(self, other: "Projection") -> "Projection":
        """The same map, turned, mirrored and moved as a whole to lie on another one of the same points as well as it
        can (orthogonal Procrustes): so that a change from one to the other shows what changed, and no more."""
        middle, there = self.places.mean(dim=0), other.places.mean(dim=0)
        u, _, v = torch.linalg.svd((self.places - middle).T @ (other.places - there))
        turn = u @ v
        place = self.place
        return Projection(
            (self.places - middle) @ turn + there, lambda more: (place(more) - middle) @ turn + there, self.explained
        )


def project(vectors: Tensor, by: By = "pca", seed: int = 0) -> Projection:
    """The map of unit vectors (points, dimension).

    New points are placed by PCA where they are; by the others, which know no such thing, at the mean of the ten points
    that are most like them, weighted by how alike they are. Raises UsageError for an unknown method, one whose library
    is not there, and too few points.
    """
    if by not in get_args(By):
        raise UsageError(f"There is no projection {by!r}. Take one of {', '.join(get_args(By))}.")
    if by == "pca":
        return _pca(vectors)
    if len(vectors) < _LEAST:
        raise UsageError(f"{by} takes at least {_LEAST} points, and there are {len(vectors)}. Take pca.")
    fitted = (_umap if by == "umap" else _pacmap)(vectors.numpy(), seed)
    places = _scaled(torch.from_numpy(np.ascontiguousarray(fitted, np.float32)))
    return Projection(places, lambda more: _among(more, vectors, places))


def _pca(vectors: Tensor) -> Projection:
    middle = vectors.mean(dim=0)
    _, spread, axes = torch.linalg.svd((vectors - middle).double(), full_matrices=False)
    variance = spread.square()
    count = min(2, len(axes))
    turn = torch.zeros(vectors.shape[1], 2)
    turn[:, :count] = axes[:count].T.float()
    sign = torch.where(turn.gather(0, turn.abs().argmax(dim=0, keepdim=True)) < 0, -1.0, 1.0)  # the same every time
    places = (vectors - middle) @ (turn * sign)
    size = _size(places)
    total = max(float(variance.sum()), 1e-12)
    return Projection(
        places / size,
        lambda more: (more - middle) @ (turn * sign) / size,
        tuple(float(each) / total for each in variance[:count]),
    )


def _among(more: Tensor, vectors: Tensor, places: Tensor) -> Tensor:
    """The places of new vectors among those that are there."""
    nearest = (more @ vectors.T).topk(min(_NEAREST, len(vectors)), dim=1)
    weights = (nearest.values - nearest.values[:, -1:] + 1e-4).unsqueeze(2)
    return (places[nearest.indices] * weights).sum(dim=1) / weights.sum(dim=1)


def _scaled(places: Tensor) -> Tensor:
    places = places - places.mean(dim=0)
    return places / _size(places)


def _size(places: Tensor) -> float:
    """Half the width of what holds nearly all points: a few far ones must not make the rest small."""
    return max(float(torch.quantile(places.abs()[:: max(1, len(places) // 20_000)].amax(dim=1), 0.99)), 1e-9)


def _umap(vectors: Any, seed: int) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from umap import UMAP
    except ImportError:
        raise _absent("UMAP", "umap-learn") from None
    with warnings.catch_warnings():  # of the one thread that a seed leaves it
        warnings.simplefilter("ignore")
        return UMAP(metric="cosine", n_neighbors=min(15, len(vectors) - 1), random_state=seed).fit_transform(vectors)


def _pacmap(vectors: Any, seed: int) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pacmap import PaCMAP
    except ImportError:
        raise _absent("PaCMAP", "pacmap") from None
    logging.getLogger("pacmap").setLevel(logging.ERROR)  # or it tells that there is a seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PaCMAP(distance="angular", random_state=seed).fit_transform(vectors, init="pca")


def _absent(method: str, package: str) -> UsageError:
    return UsageError(f"{method} needs {package}. Install it with: pip install 'seeread[space]', or take pca.")
