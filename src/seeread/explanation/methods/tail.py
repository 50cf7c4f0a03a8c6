"""What a model that compares makes of the features of its tower: a vector, and from that how well each label fits."""

from typing import Any

from torch import Tensor, nn

from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Images, Patches
from seeread.vision.pool import SpatialAttentionPool


def no_tail(target: AnyTarget) -> str | None:
    """Why features of a tower cannot be judged on their own, None where they can."""
    module: Any = target.model.module
    if not isinstance(target, Labels):
        return "it writes, and what its tower sees is judged by no label"
    if not hasattr(module, "vision") or not hasattr(module, "image_pool"):
        return "it has no image tower whose features are compared"
    return None


def features_of(module: Any, images: Images) -> Tensor:
    """What leaves the tower, (images, tokens, width)."""
    tower: nn.Module = module.vision
    inputs = (images.pixels, images.grid, images.valid) if isinstance(images, Patches) else (images,)
    features: Tensor = tower(*inputs)
    return features


def vector_of(module: Any, features: Tensor, valid: Tensor | None = None) -> Tensor:
    """(images, tokens, width) to that by which an image is judged, (images, dimension); `valid`, (images, tokens), is
    False on padding."""
    pooled = module.image_pool(features) if valid is None else module.image_pool(features, valid)
    if isinstance(pooled, tuple):  # CoCa: the other tokens are for words
        pooled = pooled[0]
    if pooled.ndim == 3:  # no pool
        pooled = pooled[:, module.config.dropped :].mean(dim=1)
    return _projected(module, pooled)


def vectors_alone(module: Any, patches: Tensor) -> Tensor:
    """Each patch as if it were all there is, (patches, width) to (patches, dimension). What is left of a pooling by
    attention is what it makes of a value."""
    pool = module.image_pool
    if isinstance(pool, nn.Identity):
        return _projected(module, patches)
    if isinstance(pool, SpatialAttentionPool):
        placed = (patches + pool.positions[1:])[:, None]
        return _projected(module, pool.attention(placed, context=placed)[:, 0])
    return vector_of(module, patches[:, None])


def judged(target: AnyTarget, vectors: Tensor) -> Tensor:
    """(images, dimension) to the scores of the target, (images, labels). By the length of a vector, which means
    nothing, it is divided as by a mere number: see `held`."""
    assert isinstance(target, Labels)
    if target.texts is None:
        module: Any = target.model.module
        return target.classified(module.head(module.standard(vectors)))
    return target.compared(vectors.float() / vectors.detach().float().norm(dim=-1, keepdim=True))


def _projected(module: Any, pooled: Tensor) -> Tensor:
    given: Tensor = module.image_projection(pooled) if hasattr(module, "image_projection") else pooled
    return given
