"""Patch dropout: a vision transformer learns from a part of the patches of each picture, in a part of the time (FLIP,
arXiv:2212.00794)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.interface import Compares
from seeread.vision.vit import ViT


@contextmanager
def dropping(model: nn.Module, share: float) -> Iterator[None]:
    """Within, the vision transformer of a model leaves out `share` of the patches of each picture, others each time,
    while it learns. Those that stay know where they lie, and the class token stays. With 0 nothing is done at all.

    Raises UsageError for a model without such a tower, and for one that has a place for every patch among its words.
    """
    towers = [module for module in model.modules() if isinstance(module, ViT)]
    if share and not (towers and isinstance(model, Compares)):
        raise UsageError(
            f"A {type(model).__name__} cannot learn with patch_dropout {share}: only a vision transformer can whose "
            "patches are summed up before they meet a text (CLIP, SigLIP, CoCa). Train with patch_dropout=0."
        )
    if not 0 <= share < 1:
        raise UsageError(
            f"patch_dropout is {share}. It is the share of patches to leave out: from 0, below 1."
        )

    hooks = []
    for tower in towers if share else ():
        # What its blocks read: positions are in it already, and the class token comes first.
        def thin(
            blocks: nn.Module, given: tuple[Any, ...], first: int = tower.class_token is not None
        ) -> Any:
            return (some(given[0], share, first), *given[1:]) if blocks.training else None

        hooks.append(tower.transformer.register_forward_pre_hook(thin))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def some(tokens: Tensor, share: float, first: int) -> Tensor:
    """(images, tokens, width) without `share` of those behind the `first`, at least one of which stays; in the order in
    which they were."""
    images, patches = len(tokens), tokens.shape[1] - first
    count = max(1, round(patches * (1 - share)))
    drawn = torch.rand(images, patches, device=tokens.device).topk(count).indices.sort().values
    kept = tokens[:, first:].gather(1, drawn[..., None].expand(-1, -1, tokens.shape[2]))
    return torch.cat((tokens[:, :first], kept), dim=1)
