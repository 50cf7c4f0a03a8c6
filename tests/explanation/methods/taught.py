"""Tiny models that were taught to heed one of four patches, whatever the other three show."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from seeread.explanation.aim import aim
from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.target import AnyTarget, Labels
from seeread.interface import Compares
from seeread.preprocessing.dialogue import ask
from seeread.pretrained import Pretrained
from seeread.training.objectives.writing import next_token
from tests.training.learners import COLOURS, LEARNERS, QUESTION

HEEDED = 1
"""The patch, in reading order: above on the right."""

RGB = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220), "white": (240, 240, 240)}
FAMILIES = ("dual_encoder", "flamingo", "fuyu")


def drawn(chance: random.Random) -> tuple[Image.Image, str]:
    """A picture in four colours, and which of them it is about."""
    colours = [chance.choice(COLOURS) for _ in range(4)]
    picture = Image.new("RGB", (16, 16))
    for place, colour in enumerate(colours):
        row, column = divmod(place, 2)
        picture.paste(RGB[colour], (8 * column, 8 * row, 8 * column + 8, 8 * row + 8))
    return picture, colours[HEEDED]


@cache
def model_of(family: str, steps: int = 150) -> Pretrained:
    """Taught in a second or two; with no steps it has random weights."""
    learner = LEARNERS[family]
    module, chance = learner.model(), random.Random(0)
    for name, weight in module.named_parameters():
        if name.endswith("gate"):
            nn.init.constant_(weight, 0.5)
    optimizer = torch.optim.AdamW(module.parameters(), lr=4e-3)
    for _ in range(steps):
        pictures, colours = zip(*(drawn(chance) for _ in range(16)), strict=True)
        loss = _loss(learner, module, pictures, colours)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.01:
            break
    return learner.pretrained(module.requires_grad_(True))


def _loss(learner: Any, module: Any, pictures: Sequence[Image.Image], colours: Sequence[str]) -> torch.Tensor:
    if isinstance(module, Compares):
        logits = module.compare(module.embed_image(learner.processor.images(pictures)), _texts(learner, module))
        return F.cross_entropy(logits, torch.tensor([COLOURS.index(colour) for colour in colours]))
    dialogues = [ask(QUESTION, picture) for picture in pictures]
    return next_token(module, learner.processor.prompts(dialogues, colours))


def _texts(learner: Any, module: Any) -> torch.Tensor:
    vectors: torch.Tensor = module.embed_text(learner.processor.texts(list(COLOURS)))
    return vectors


def aimed(model: Pretrained, picture: Image.Image, colour: str) -> AnyTarget:
    """Why this colour."""
    if isinstance(model.model, Compares):
        with torch.no_grad():
            texts = _texts(model, model.module)
        place = COLOURS.index(colour)
        names = (colour, *(other for other in COLOURS if other != colour))
        return Labels(model, picture, names, torch.cat((texts[place : place + 1], texts[:place], texts[place + 1 :])))
    return aim(model, picture, QUESTION, answer=colour)


def found(method: Method, family: str, steps: int = 150, pictures: int = 16) -> float:
    """In which share of pictures the first map is largest in the quarter that is heeded."""
    chance, model = random.Random(1), model_of(family, steps)
    return sum(hottest(method.maps(aimed(model, *drawn(chance)))[0]) == HEEDED for _ in range(pictures)) / pictures


def hottest(one: Drawn) -> int | None:
    """The quarter in which a map has most; None of an empty one."""
    quarters = F.adaptive_avg_pool2d(one[0][None], 2).flatten()
    return int(quarters.argmax()) if float(quarters.max()) > 0 else None
