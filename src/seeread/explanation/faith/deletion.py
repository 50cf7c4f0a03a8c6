"""Takes cells out of a picture in the order in which a map would have them, or puts only these in, and asks the model.

Insertion and deletion are from RISE (Petsiuk et al., 2018, arXiv:1806.07421). What is taken out is not painted grey or
blurred: the hole takes on the colours of what is left around it, so that nothing of what is gone shines through.
"""

from collections.abc import Sequence

import numpy
import torch
from PIL import Image
from torch import Tensor

from seeread.explanation.faith.cells import SIDE
from seeread.explanation.target import AnyTarget
from seeread.pretrained import Progress

AT_ONCE = 16
"""Pictures that a model is shown together."""

_REACH = 1.5  # cells: how far colours spread into a hole


class Cut:
    """A picture that cells can be taken out of."""

    def __init__(self, picture: Image.Image, side: int = SIDE):
        self.picture, self.side = picture.convert("RGB"), side
        small = self.picture.resize((side, side), Image.Resampling.BOX)
        self._colours = torch.from_numpy(numpy.array(small, numpy.float32)).reshape(-1, 3)
        places = torch.cartesian_prod(torch.arange(side), torch.arange(side)).float()
        distances = torch.cdist(places, places)
        self._near = torch.exp(-((distances / _REACH) ** 2) / 2) + 1e-6  # a little of all, where all around is gone

    def keeping(self, kept: Tensor) -> Image.Image:
        """The picture with only those cells, (side * side,) bool; of no cell, its mean colour."""
        if kept.all():
            return self.picture
        weights = self._near * (kept if kept.any() else torch.ones_like(kept))
        colours = (weights / weights.sum(dim=1, keepdim=True)) @ self._colours
        filling = Image.fromarray(colours.round().byte().reshape(self.side, self.side, 3).numpy())
        smooth = filling.resize(self.picture.size, Image.Resampling.BILINEAR)
        mask = Image.fromarray((kept.reshape(self.side, self.side) * 255).byte().numpy())
        smooth.paste(self.picture, (0, 0), mask.resize(self.picture.size, Image.Resampling.NEAREST))
        return smooth


def order(cells: Tensor, seed: int = 0) -> Tensor:
    """(cells,): places from the hottest to the coldest; what is equal, in an order of chance."""
    shuffled = torch.randperm(cells.numel(), generator=torch.Generator().manual_seed(seed))
    return shuffled[cells.flatten()[shuffled].argsort(descending=True, stable=True)]


def kept_cells(cells: Tensor, steps: int) -> Tensor:
    """(2, steps - 1, cells) bool: of a map on cells, which are there when the hottest are put in, and when they are
    taken out, after each share 1 / steps of all. Where nothing or all is there, maps do not differ."""
    ranks = torch.empty(cells.numel(), dtype=torch.long)
    ranks[order(cells)] = torch.arange(cells.numel())
    counts = torch.tensor([round(cells.numel() * step / steps) for step in range(1, steps)])
    inserted = ranks < counts[:, None]
    return torch.stack((inserted, ~inserted))


@torch.inference_mode()
def answers(target: AnyTarget, cut: Cut, kept: Tensor, progress: Progress | None = None) -> Tensor:
    """(pictures, scores) float32 on the CPU: of the target, for the picture with only `kept`, (pictures, cells)."""
    parts: Sequence[Tensor] = kept.split(AT_ONCE)
    scores = [
        target.score(target.prepare([cut.keeping(row) for row in part])).float().cpu()
        for part in (progress(parts) if progress else parts)
    ]
    return torch.cat(scores)
