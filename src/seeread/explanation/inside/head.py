"""One look of one head, step by step with its numbers: what was asked and offered, how alike, in what shares, and what
was taken home."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seeread.explanation.inside.record import Look


@dataclass(frozen=True)
class Steps:
    """All that happens to one query in one head.

    `query` is (width,), `keys` (keys, width), `values` (keys, value width). `products` are query times key, summed;
    `similarities` the same, scaled, capped and moved as the model does it, minus infinity where it may not look;
    `exponentials` e to the power of each less the largest; `shares` these divided by their sum; `taken` the values
    mixed by their shares, (value width,). `added` is what this head adds to the token, (width of the tokens,): `taken`
    through its part of the layer that puts the heads together, None where there is no such layer.
    """

    query: Tensor
    keys: Tensor
    values: Tensor
    products: Tensor
    scale: float
    softcap: float | None
    similarities: Tensor
    exponentials: Tensor
    shares: Tensor
    taken: Tensor
    added: Tensor | None


@torch.no_grad()
def steps(model: nn.Module, look: Look, item: int, head: int, query: int) -> Steps:
    """What a head of an attention did with one query, for one picture, tile or text of those that went through."""
    q, keys, values = (one.float() for one in look.head(item, head))
    asked = q[query]
    products = keys @ asked
    similarities = products * look.attend.scale
    if (cap := look.attend.softcap) is not None:
        similarities = cap * (similarities / cap).tanh()
    if (mask := look.allowed(item, head)) is not None:
        row = mask[query if mask.shape[0] > 1 else 0]
        similarities = similarities.masked_fill(~row, -torch.inf) if row.dtype == torch.bool else similarities + row
    exponentials = (similarities - similarities.amax()).exp()
    shares = exponentials / exponentials.sum()
    taken = shares @ values
    return Steps(
        asked, keys, values, products, look.attend.scale, look.attend.softcap, similarities, exponentials, shares,
        taken, _added(model, look, head, taken),
    )  # fmt: skip


def _added(model: nn.Module, look: Look, head: int, taken: Tensor) -> Tensor | None:
    """The part of the layer behind the heads that is this head's, times what it has taken."""
    try:
        weight = model.get_submodule(look.module.removesuffix(".attend")).get_parameter("out.weight")
    except AttributeError:
        return None
    width = taken.shape[0]
    return weight[:, head * width : (head + 1) * width].float() @ taken
