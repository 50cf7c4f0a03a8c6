"""Maps that know nothing of the model: whatever explains it has to do better than they do."""

import math

import numpy
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from torch import Tensor

from seeread.explanation.faith.cells import SIDE
from seeread.explanation.heatmap import Area
from seeread.explanation.methods.method import Drawn

_COARSE = 4  # knots of a random map on each side: blobs about as large as those of real maps


def blobs(count: int, seed: int = 0) -> list[Tensor]:
    """`count` maps (8, 8) of smooth blobs, always the same of a seed."""
    chance = torch.Generator().manual_seed(seed)
    knots = torch.randn(count, 1, _COARSE, _COARSE, generator=chance)
    smooth = F.interpolate(knots, size=(SIDE, SIDE), mode="bicubic", align_corners=True)[:, 0]
    return [one - one.min() for one in smooth]


def centre(side: int = SIDE) -> Tensor:
    """(side, side): a Gaussian around the middle, where photographers put what matters."""
    places = (torch.arange(side) + 0.5) / side - 0.5
    return torch.exp(-(places[:, None] ** 2 + places**2) / (2 * 0.25**2))


def edges(picture: Image.Image, side: int = SIDE) -> Tensor:
    """(side, side): how much brightness changes from place to place, which marks whatever is drawn sharply."""
    longest = max(picture.size)
    small = picture.convert("L").resize(
        (max(1, round(256 * picture.width / longest)), max(1, round(256 * picture.height / longest)))
    )
    grey = torch.from_numpy(numpy.asarray(small.filter(ImageFilter.GaussianBlur(1)), numpy.float32))
    down, across = F.pad(grey.diff(dim=0), (0, 0, 0, 1)), F.pad(grey.diff(dim=1), (0, 1))
    return F.adaptive_avg_pool2d(torch.hypot(down, across)[None], side)[0]


def known_nothing(picture: Image.Image) -> dict[str, Drawn]:
    """The controls that there is one of, by name, over the whole picture."""
    return {"centre": (centre(), Area()), "edges": (edges(picture), Area())}


def level(scores: Tensor, share: float = 0.95) -> Tensor:
    """(scores,): what so large a share of random maps stays below, of (maps, scores).

    The opposite of a random map is as random, and scores the opposite: what is known of n maps is known of 2 n.
    """
    if not len(scores):
        return scores.new_full(scores.shape[1:], -math.inf)
    return torch.cat((scores, -scores)).quantile(share, dim=0)
