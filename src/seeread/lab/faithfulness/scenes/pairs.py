"""Minimal pairs: two scenes that differ in the colour of one thing, and the model answers otherwise. So it looked at
that thing; how much of the map does?"""

import torch

from seeread.explanation.faith.cells import mass
from seeread.explanation.methods.method import Drawn
from seeread.explanation.target import AnyTarget, Written
from seeread.lab.faithfulness.scenes.scene import Asked, aimed, where
from seeread.pretrained import Pretrained


def flips(model: Pretrained, target: AnyTarget, one: Asked) -> bool:
    """Whether a model that writes says another word of the other scene of the pair; or whether one that compares finds
    the right name better than the other's in both."""
    other = one.repainted()
    if not isinstance(target, Written):
        return _prefers(model, one, other) and _prefers(model, other, one)
    return _said(target) != _said(aimed(model, other))


def _said(target: AnyTarget | None) -> str:
    return target.answer.strip() if isinstance(target, Written) else ""


@torch.inference_mode()
def _prefers(model: Pretrained, one: Asked, other: Asked) -> bool:
    vectors = model.embed_texts([f"a {one.thing.name}", f"a {other.thing.name}"])
    right, wrong = model.compare(model.embed_images([one.picture()]), vectors)[0].tolist()
    return bool(right > wrong)


def share(drawn: Drawn, one: Asked) -> float:
    """The share of a map that lies on the thing that is asked about."""
    return mass(*drawn, where(one.thing))
