"""What several processes learn together in the tests, and one alone: the same batches, shared out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch.optim import Optimizer

from seeread.data.collate import batches, batches_and_texts, pairs
from seeread.data.example import Example
from seeread.data.lessons.captions import Captioning
from seeread.data.mixture import Mixture, Part
from seeread.training.freezing import freeze
from seeread.training.learner import Learner
from seeread.training.moving.optimizer import build_optimizers
from seeread.training.objectives.captions import contrast_and_captions
from seeread.training.objectives.contrast import contrastive, info_nce, pairwise_sigmoid
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import writing
from seeread.training.ranks.gathering import mean
from seeread.training.ranks.world import World
from seeread.training.ranks.wrap import wrapped
from seeread.training.settings import Settings
from seeread.training.step import backward, limit
from tests.training.learners import LEARNERS

ROWS = 8
"""Of a batch, on all ranks together."""

SETTINGS = Settings(steps=5, rate=1e-3, batch=ROWS, precision="fp32", average=None, gradient_limit=0.5)
WORDS = "ox bee owl ant".split()


def mixture() -> Mixture:
    """Noise with captions of one word to three, so that no two ranks have as many words to learn."""
    chance = torch.Generator().manual_seed(0)
    examples = []
    for number in range(12):
        pixels = torch.randint(0, 256, (16, 16, 3), generator=chance, dtype=torch.uint8)
        caption = " ".join(WORDS[: 1 + number % 3])
        examples.append(Example(Image.fromarray(pixels.numpy()), "caption", "", caption))
    return Mixture([Part(examples, Captioning(""))], batch=ROWS)


@dataclass
class Run:
    """A run as a trainer makes it, step by step."""

    goal: str
    settings: Settings
    world: World

    def __post_init__(self) -> None:
        family = {"softmax": "dual_encoder", "sigmoid": "dual_encoder", "coca": "coca"}.get(
            self.goal, self.goal
        )
        taught = LEARNERS[family]
        if self.goal == "sigmoid":
            taught = replace(taught, config=replace(taught.config, loss="sigmoid"))
        self.model = taught.model(seed=self.world.rank)  # as if nobody had taken care that all start alike
        freeze(self.model, self.settings.frozen) if self.settings.frozen else None
        self.processor = taught.processor
        self.lessons = mixture()
        self.objective: Objective = {
            "softmax": contrastive(info_nce), "sigmoid": contrastive(pairwise_sigmoid),
            "coca": contrast_and_captions(),
        }.get(self.goal, writing)  # fmt: skip
        self.collate = {"softmax": pairs, "sigmoid": pairs, "coca": batches_and_texts}.get(self.goal, batches)
        self.module = wrapped(Learner(self.model, self.objective, self.settings), self.settings, self.world)
        self.optimizers: Sequence[Optimizer] = build_optimizers(self.model, self.settings)
        self.done = 0

    def parts(self) -> list[Any]:
        """The parts of this step's batch that are this rank's."""
        share = ROWS // (self.settings.accumulate * self.world.size)
        firsts = [
            share * (self.world.size * part + self.world.rank) for part in range(self.settings.accumulate)
        ]
        return [
            self.collate(lambda step, first=first: self.lessons(step)[first : first + share], self.processor)(  # type: ignore[arg-type]
                self.done
            )
            for first in firsts
        ]

    def step(self) -> tuple[float, float]:
        """The loss, and the norm of the gradient."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss = backward(self.module, self.objective, self.parts())
        norm = limit([w for w in self.model.parameters() if w.requires_grad], self.settings.gradient_limit)
        for optimizer in self.optimizers:
            optimizer.step()
        self.done += 1
        return mean(loss).item(), norm.item()
