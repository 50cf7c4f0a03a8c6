"""Tiny models that write, of every way in which a picture becomes tokens, and answers of theirs to be explained."""

from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import nn

from seeread.explanation.aim import aim
from seeread.explanation.target import Written
from seeread.models.families import build_model
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.tiles import TileTransform
from seeread.pretrained import Pretrained
from tests.explanation.runs import shaken
from tests.training.learners import HALF, LEARNERS

SPOTTED = [
    "llava", "llava, class token kept", "llava in tiles", "paligemma", "pali", "hybrid", "fuyu", "flamingo, features",
]  # fmt: skip
"""Those whose image tokens stand for spots of a picture."""

MIXED = ["flamingo", "coca"]
"""Those whose image tokens are mixtures of it."""


def writer(name: str, seed: int = 0) -> Pretrained:
    """With random weights, ready to use."""
    family = name.partition(",")[0].partition(" ")[0]
    learner = LEARNERS[family]
    config: Any = learner.config
    processor = learner.processor
    if name == "llava, class token kept":
        config = replace(config, class_token=True)
    if name == "llava in tiles":
        config = replace(config, tiles=True)
        tiles = TileTransform(side=16, grids=((1, 2), (2, 1), (2, 2)), mean=HALF, std=HALF)
        processor = replace(processor, image_transform=tiles)
    if name == "fuyu":
        processor = replace(processor, image_transform=LineTransform(patch_size=8, most=(128, 128)))
    if name == "flamingo, features":
        config = replace(config, resampler=None)
    assert processor.style is not None
    processor = replace(processor, style=replace(processor.style, image_tokens=config.image_tokens))
    made = replace(learner, config=config, processor=processor)
    return made.pretrained(shaken(build_model(config), seed))


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture in which no two places are alike."""
    chance = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (height, width, 3), generator=chance, dtype=torch.uint8)
    return Image.fromarray(pixels.numpy())


def target_of(model: Pretrained, picture: Image.Image, answer: str = "red") -> Written:
    """How likely the model is to give that answer."""
    found = aim(model, picture, task="caption", answer=answer)
    assert isinstance(found, Written)
    return found


class Only(nn.Module):
    """A model whose answer depends on one image token alone: the others are as if there were nothing in them."""

    def __init__(self, model: Any, place: int):
        super().__init__()
        self.model, self.place = model, place
        self.config, self.reads_ahead = model.config, model.reads_ahead
        self.see, self.logits = model.see, model.logits

    def read(self, batch: Any, cache: Any = None) -> torch.Tensor:
        """Of each row that one token."""
        sight = self.see(batch.images) if batch.images is not None else batch.sight
        rows = sight.unflatten(0, (len(batch.tokens), -1))
        rows = rows[:, 0] if rows.shape[1] == 1 else rows
        there = torch.arange(rows.shape[1]) == self.place
        seen = rows * there.view(1, -1, *[1] * (rows.ndim - 2))
        features: torch.Tensor = self.model.read(replace(batch, images=None, sight=seen.reshape(sight.shape)), cache)
        return features
