"""One watched run of a model over what is to be explained, and where that lies of which it speaks."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seeread.explanation.capture import ATTENTION, Captured, capture
from seeread.explanation.methods.method import Drawn
from seeread.explanation.target import AnyTarget, Written
from seeread.explanation.view import paint, sheets
from seeread.interface import Batch, Images, Patches, Tiles
from seeread.vision.tower import SquareTowerConfig, feature_shape
from seeread.vision.vit import ViTConfig

Rows = tuple[str, slice]
"""Tokens of a stream, by the name of that."""


@dataclass(frozen=True)
class Run:
    """What went into a model and what was seen of it. `batch` is what a model read that writes, None of one that
    compares. `scores`, (scores,), are part of the graph where there is one."""

    target: AnyTarget
    images: Images
    batch: Batch | None
    captured: Captured
    scores: Tensor

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
    """One run, in which the modules of these names are watched: all attention, if none is given."""
    images = target.prepare([target.picture])
    batch = target.batch(images) if isinstance(target, Written) else None
    with torch.no_grad(), capture(target.model.module, *(names or (ATTENTION,)), gradients=gradients) as captured:
        scores = target.score_batch(batch) if isinstance(target, Written) and batch else target.score(images)
    return Run(target, images, batch, captured, scores[0])
