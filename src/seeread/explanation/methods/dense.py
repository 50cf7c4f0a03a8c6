"""Dense similarity: each patch is compared with the labels on its own, as if it were all of the picture.

Patches of CLIP lie about: in its last layer they look for what the class token needs, wherever that is. There each of
them reads those that are like itself instead, by queries and by keys (SCLIP, arXiv:2312.01597), and is pooled alone
(MaskCLIP, arXiv:2112.01071). No gradient is needed.
"""

from typing import Any

import torch
from torch import Tensor

from seeread.explanation.edit import edit
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.run import watch
from seeread.explanation.methods.tail import features_of, judged, no_tail, vectors_alone
from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Images
from seeread.nn.attention import Attend, shared_out


@torch.no_grad()
def dense(target: AnyTarget) -> list[Drawn]:
    """A map of each score: of several labels how likely each is in every patch, of a single one how far a patch fits
    better than the mean patch."""
    assert isinstance(target, Labels)
    run, module = watch(target, gradients=False), target.model.module
    features = _features(module, run.images)[0]
    patches = features[len(features) - run.cells :]
    scores = judged(target, vectors_alone(module, patches))
    found = scores.exp() if target.likely else (scores - scores.mean(dim=0)).clamp(min=0)
    return [run.draw(each[None].float().cpu()) for each in found.T]


def _features(module: Any, images: Images) -> Tensor:
    """What leaves the tower where in its last layer like reads like, (images, tokens, width)."""
    if not hasattr(module.vision, "transformer"):
        return features_of(module, images)
    last = module.vision.transformer.blocks[-1].attention.attend
    path = f"vision.transformer.blocks.{len(module.vision.transformer.blocks) - 1}.attention.attend"

    def alike(_: str, inputs: tuple[Any, ...], given: Tensor) -> Tensor:
        q, k, v, mask = inputs
        return like_reads_like(last, q, k, v, mask)

    with edit(module, {path: alike}):
        return features_of(module, images)


def like_reads_like(attend: Attend, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """(softmax(q q') + softmax(k k')) v, each product scaled as the layer scales its own."""
    k = shared_out(k, q)
    return (attend.weights(q, q, mask) + attend.weights(k, k, mask)) @ shared_out(v, q)


DENSE = Method(
    name="dense",
    summary="Each patch compared with the labels on its own.",
    source="arXiv:2312.01597",
    kind="shipped",
    fits=no_tail,
    maps=dense,
)
"""For models that compare."""
