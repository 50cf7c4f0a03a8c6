"""LeGrad: what each layer's own score owes to its attention maps (arXiv:2404.03214).

Each layer's tokens are judged as if they were the last: normed, pooled and compared. The gradient of that score with
respect to the map of the same layer says which patches the layer would have to look at for more of it; where attention
pools the tokens, the map is that of the pooling. All layers count the same.

The paper takes what is positive in the gradient. Here it is multiplied by the map: a look at a patch counts for what it
gave, and not for what it would have given, had anybody looked there. Small models that were taught to heed one patch
alone tell the two apart: the gradient by itself is often largest where nobody looks.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seeread.explanation.capture import ATTENTION, Look, capture
from seeread.explanation.methods.held import held_norms
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import takes_no_gradients
from seeread.explanation.methods.run import Run, watch
from seeread.explanation.methods.tail import judged, no_tail, vector_of
from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Patches


def legrad(target: AnyTarget) -> list[Drawn]:
    """A map of each score. One pass forward, and through one layer and the pooling back for each layer and score."""
    assert isinstance(target, Labels)
    module: Any = target.model.module
    blocks = [f"vision.transformer.blocks.{number}" for number in range(len(module.vision.transformer.blocks))]
    run = watch(target, *blocks)
    maps = torch.zeros(len(run.odds), run.sheets, run.cells)
    for block in blocks:
        [features], [look] = run.captured.features[block], run.captured.looks_of(f"{block}.*")
        odds, pooling = _judged(run, features)
        looks = [pool for pool in pooling if pool.weights.shape[-1] >= run.cells] or [look]
        for index, each in enumerate(odds):
            maps[index] += _owed(each, looks)[:, -run.cells :]
    return [run.draw(one) for one in maps]


def _judged(run: Run, features: Tensor) -> tuple[Tensor, Sequence[Look]]:
    """The odds of the tokens of a layer, (images, tokens, width), (scores,), and how attention pooled them."""
    target, module = run.target, run.target.model.module
    assert isinstance(target, Labels)
    valid = run.images.valid if isinstance(run.images, Patches) else None
    with held_norms(module), capture(module, ATTENTION, gradients=True) as captured:
        normed = module.get_submodule("vision").get_submodule("norm")(features)
        odds = target.odds(judged(target, vector_of(module, normed, valid)))[0]
    return odds, captured.looks


def _owed(odds: Tensor, looks: Sequence[Look]) -> Tensor:
    """(images, tokens): the mean over heads and queries of what is positive in these maps times their gradients."""
    given = torch.autograd.grad(odds, [look.given for look in looks], retain_graph=True, materialize_grads=True)
    each = [(look.gradient(one) * look.weights).clamp(min=0) for look, one in zip(looks, given, strict=True)]
    return torch.stack([one.mean(dim=(1, 2)) for one in each]).sum(dim=0).float().cpu()


def _fits(target: AnyTarget) -> str | None:
    if (reason := no_tail(target) or takes_no_gradients(target)) is not None:
        return reason
    tower: Any = target.model.module.get_submodule("vision")
    return None if hasattr(tower, "transformer") else "its tower has no layers of attention"


LEGRAD = Method(
    name="legrad",
    summary="What each layer of the tower, judged as if it were the last, owes to where it looked.",
    source="arXiv:2404.03214",
    kind="shipped",
    fits=_fits,
    maps=legrad,
)
"""For models that compare, with a transformer as their tower."""
