"""One watched run of a model over what is to be explained, and where that lies of which it speaks."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seeread.explanation.capture import ATTENTION, Captured, capture
from seeread.explanation.methods.held import held_norms
from seeread.explanation.methods.method import Drawn
from seeread.explanation.methods.tail import judged
from seeread.explanation.target import AnyTarget, Labels, Written
from seeread.explanation.view import paint, sheets
from seeread.interface import Batch, Images, Patches, Tiles
from seeread.vision.tower import SquareTowerConfig, feature_shape
from seeread.vision.vit import ViTConfig

Rows = tuple[str, slice]
"""Tokens of a stream, by the name of that."""

VECTOR = "image_projection"
"""What gives the vector of a picture, of whatever length, in models that compare."""


@dataclass(frozen=True)
class Run:
    """What went into a model and what was seen of it. `batch` is what a model read that writes, None of one that
    compares. `odds`, (scores,), are its scores as logits, part of the graph where there is one."""

    target: AnyTarget
    images: Images
    batch: Batch | None
    captured: Captured
    odds: Tensor

    @property
    def sheets(self) -> int:
        """How many pictures the tower saw of this one: tiles, frames, or itself."""
        return len(self.images if isinstance(self.images, torch.Tensor) else self.images.pixels)

    @property
    def cells(self) -> int:
        """How many places each of them has, those of padding included."""
        config: Any = self.target.model.module.config
        if isinstance(self.images, Patches):
            return self.images.pixels.shape[1]
        tower = getattr(config, "vision", None)
        if tower is None:  # a Perceiver: what its latents read first
            return self.captured.looks[0].weights.shape[-1]
        if not isinstance(tower, SquareTowerConfig):
            return int(tower.tokens)
        class_token = isinstance(tower, ViTConfig) and tower.class_token
        return feature_shape(tower, getattr(config, "skip_last", 0))[0] - class_token

    @property
    def spliced(self) -> bool:
        """Whether image tokens take places among the words (LLaVA), and are not read from there alone (Flamingo)."""
        config: Any = self.target.model.module.config
        return isinstance(self.images, Tiles) or not (hasattr(config, "gates") or hasattr(config, "unimodal"))

    def rows(self, index: int) -> Rows:
        """The tokens off which a score is read."""
        config: Any = self.target.model.module.config
        if isinstance(self.target, Written):
            span, count = self.target.spans[index], len(self.target.ids)
            if hasattr(self.target.model.module.get_submodule("text"), "encoder"):
                return "answer", slice(span.start, span.stop)  # behind its start token
            assert self.batch is not None
            before = self.batch.tokens.shape[1] - count - 1
            return "words", slice(before + span.start, before + span.stop)
        pool = getattr(config, "pool", None) or getattr(config, "image_pool", None)
        if not hasattr(config, "vision"):
            return "asked", slice(0, 1)
        if pool is None:  # the mean of all
            return "patches", slice(config.dropped, None)
        return {"class": "patches", "first query": "queried"}.get(pool, "pooled"), slice(0, 1)

    def draw(self, values: Tensor) -> Drawn:
        """Values of cells, (sheets, cells), as a map of the picture."""
        width, height = self.target.picture.size
        transform = self.target.model.processor.image_transform
        assert transform is not None
        return paint(sheets(transform, self.images, width, height, values.shape[1]), values)


def watch(target: AnyTarget, *names: str, gradients: bool = True) -> Run:
    """One run, in which modules of these names are watched besides all attention. With `gradients` the divisors of
    norms are held."""
    module, images = target.model.module, target.prepare([target.picture])
    batch = target.batch(images) if isinstance(target, Written) else None
    held = gradients and isinstance(target, Labels) and target.texts is not None
    names = (ATTENTION, *names, *((VECTOR,) if held else ()))
    with torch.no_grad(), capture(module, *names, gradients=gradients) as captured:
        with held_norms(module) if gradients else nullcontext():
            scores = target.score(images) if batch is None else _of_batch(target, batch)
        if held:  # once more from the vector on, of which the length is to be held, too
            scores = judged(target, captured.features[VECTOR][0])
        odds = target.odds(scores)[0]
    return Run(target, images, batch, captured, odds)


def _of_batch(target: AnyTarget, batch: Batch) -> Tensor:
    assert isinstance(target, Written)
    return target.score_batch(batch)
