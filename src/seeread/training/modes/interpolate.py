"""Between two states of the weights of one model (WiSE-FT, arXiv:2109.01903): much of what is new, little forgotten."""

from collections.abc import Mapping

import torch
from torch import Tensor

from seeread.errors import UsageError


def between(old: Mapping[str, Tensor], new: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weights that lie `share` of the way from `old` (0) to `new` (1), name by name, in the precision of `new`.

    Both ends are exact. The statistics of batch norms, which are what they are for the weights that they were gathered
    with, are taken from between like the rest; whole numbers, which have nothing between them, from the nearer end.
    Raises UsageError for a share outside 0 to 1, and for states of different models.
    """
    if not 0 <= share <= 1:
        raise UsageError(f"A share of {share:g} lies outside: 0 is the old model, and 1 the new one.")
    different = sorted(old.keys() ^ new.keys())
    different += [name for name in old.keys() & new.keys() if old[name].shape != new[name].shape]
    if different:
        raise UsageError(
            f"There is nothing between two different models: {different[0]} is not the same in both. "
            "Take a model and what was trained from it, in mode full, connector, lit or lora."
        )
    return {name: _between(old[name], tensor, share) for name, tensor in new.items()}


def _between(old: Tensor, new: Tensor, share: float) -> Tensor:
    if not new.is_floating_point() or share in (0, 1):
        return (new if share >= 0.5 else old).detach().to(new.device, new.dtype, copy=True)
    return torch.lerp(old.detach().to(new.device).float(), new.detach().float(), share).to(new.dtype)
