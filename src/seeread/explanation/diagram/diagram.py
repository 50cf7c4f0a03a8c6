"""The architecture of a model as boxes within boxes, with the shapes of a run, down to a single attention head."""

from typing import Any

import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.explanation.anatomy import blank_picture, use_all, words_for
from seeread.explanation.diagram.box import Box
from seeread.explanation.diagram.draw import draw
from seeread.explanation.diagram.flow import follow
from seeread.nn.cache import Cache
from seeread.pretrained import Pretrained


def diagram(model: Pretrained | nn.Module) -> Box:
    """What a model consists of, and what goes where in it: not drawn by hand, but seen in a run with one picture and
    some words, on shapes alone, so that a model of any size takes a second and no memory.

    `model` may also be a module whose weights are on torch's "meta" device: the architecture without its numbers.
    Raises UsageError for a model that is none of ours (a remote one), or that does nothing with a picture or words.
    """
    module = model.module if isinstance(model, Pretrained) else model
    name = model.origin.name if isinstance(model, Pretrained) else type(module).__name__
    config = vars(module).get("config")
    if config is None:
        raise UsageError(f"{name} does not tell what it is built from: there is no diagram of it. Use another model.")
    twin = _without_numbers(module, config)
    picture = blank_picture(config.pictures)
    words = torch.ones(1, words_for(config), dtype=torch.long)
    given = {"words": words} if _reads(twin) else {}
    if picture is not None:
        given = {"picture": picture if isinstance(picture, Tensor) else picture.pixels} | given
    seen = follow(twin, lambda: use_all(twin, picture, words, Cache()), given)
    if not seen.parts:
        raise UsageError(f"{name} has no task here that could be watched: there is no diagram of it. Use another.")
    return draw(seen)


def _without_numbers(module: nn.Module, config: Any) -> nn.Module:
    """The same architecture on the meta device. What was changed in the weights of a loaded model, such as how they are
    packed for speed, is no part of its architecture."""
    if all(weight.is_meta for weight in module.parameters()):
        return module
    build: type = type(module)
    with torch.device("meta"):
        twin: nn.Module = build(config)
    return twin.eval()


def _reads(module: nn.Module) -> bool:
    """Whether words go into it."""
    return any(hasattr(module, name) for name in ("embed_text", "read", "fill"))
