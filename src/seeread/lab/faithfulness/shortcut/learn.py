"""Teach a small model to answer by the mark in the corner: seconds of work."""

import random
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.errors import SeereadError
from seeread.interface import Batch, Compares, Generates, Images
from seeread.lab.faithfulness.shortcut.designs import Design
from seeread.lab.faithfulness.shortcut.marked import ANSWERS, CORNERS, NOTHING, QUESTION, Marked, marked
from seeread.models.families import build_model
from seeread.nn.initialise import initialise
from seeread.preprocessing.dialogue import ask
from seeread.pretrained import Origin, Pretrained
from seeread.training.objectives.writing import next_token

LABELS = (*ANSWERS, NOTHING)

AT_ONCE, HANDS = 48, 16
"""Pictures of a step, and how many such hands of them there are before they come again."""

RATE, KNOWN, MOST = 3e-3, 0.01, 600
"""Rate of AdamW; the loss at which, on average over all hands, it knows enough; and the most steps it may take."""

FIRST = 1_000_000
"""The first seed of what is learned from; what is tested has smaller ones."""

Hand: TypeAlias = tuple[Images, Tensor] | Batch
"""What a step learns from: pictures and the places of their answers, or what a model that writes reads."""


def untrained(design: Design, seed: int = 0) -> Pretrained:
    """The model of a design with random weights, always the same of a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_model(design.config).eval()
        initialise(model)
    known = cast("Compares | Generates", model)
    return Pretrained(known, design.processor, Origin(f"a small {design.family}", Path(design.family), "native"))


def learned(design: Design, seed: int = 0) -> Pretrained:
    """The same after it has learned to answer by the mark. Raises SeereadError where it does not learn."""
    pretrained = untrained(design, seed)
    model = pretrained.module.train()
    chance = random.Random(seed)
    hands = [_hand(pretrained, _dealt(chance, place)) for place in range(HANDS)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    average = 1.0
    for step in range(MOST):
        optimizer.zero_grad()
        loss = _loss(pretrained, hands[step % HANDS])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average += (float(loss.detach()) - average) / HANDS
        if average < KNOWN:
            model.eval()
            return pretrained
    raise SeereadError(f"A small {design.family} has not learned the shortcut. Take another seed than {seed}.")


def _dealt(chance: random.Random, hand: int) -> list[Marked]:
    start = FIRST + hand * AT_ONCE
    return [marked(seed, chance.randrange(CORNERS), True, seed % 3 > 0) for seed in range(start, start + AT_ONCE)]


def _hand(pretrained: Pretrained, cards: list[Marked]) -> Hand:
    processor = pretrained.processor
    images = processor.images([card.picture for card in cards])
    if processor.style is None:
        return images, torch.tensor([LABELS.index(card.answer) for card in cards])
    asked = [ask(QUESTION, card.picture) for card in cards]
    rows = processor.words(asked, processor.image_tokens(images), [card.answer for card in cards])
    return replace(rows, images=images)


def _loss(pretrained: Pretrained, hand: Hand) -> Tensor:
    if isinstance(hand, Batch):
        return next_token(pretrained.generating, hand)
    model, (images, answers) = pretrained.comparing, hand
    texts = model.embed_text(pretrained.processor.texts(LABELS))
    return F.cross_entropy(model.compare(model.embed_image(images), texts), answers)
