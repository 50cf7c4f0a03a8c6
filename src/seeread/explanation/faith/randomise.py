"""The same model with its weights shuffled: a map that does not change with them is no map of the model (Adebayo et
al., 2018, arXiv:1810.03292)."""

import copy
from dataclasses import replace

import torch
from torch import Tensor

from seeread.explanation.faith.cells import on_cells
from seeread.explanation.methods.method import Drawn
from seeread.pretrained import Pretrained


@torch.no_grad()
def shuffled(model: Pretrained, seed: int = 0) -> Pretrained:
    """A copy in which each tensor of weights has its numbers in another order, so that it knows nothing and is as large
    and as loud as before. Needs as much memory again."""
    chance = torch.Generator().manual_seed(seed)
    module = copy.deepcopy(model.module)
    for weight in module.parameters():
        places = torch.randperm(weight.numel(), generator=chance).to(weight.device)
        weight.copy_(weight.flatten()[places].view_as(weight))
    return replace(model, model=module)  # type: ignore[arg-type]


def likeness(one: Drawn, other: Drawn) -> float:
    """Spearman's correlation of two maps of a picture, cell by cell: 1 of the same order, 0 of maps that have nothing
    to do with each other, and of a map in which all is the same."""
    return rank_correlation(on_cells(*one).flatten(), on_cells(*other).flatten())


def rank_correlation(one: Tensor, other: Tensor) -> float:
    """Spearman's, of (n,) and (n,); equal values share the mean of their ranks. 0 where either is all the same."""
    ranks = torch.stack([_ranks(values) for values in (one, other)]) - (len(one) - 1) / 2
    lengths = ranks.norm(dim=1).prod()
    return float(ranks[0] @ ranks[1] / lengths) if lengths > 0 else 0.0


def _ranks(values: Tensor) -> Tensor:
    below = (values[:, None] > values).sum(dim=1)
    level = (values[:, None] == values).sum(dim=1)
    return (below + (level - 1) / 2).double()
