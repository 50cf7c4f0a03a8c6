"""What several processes learn together in the tests, and one alone: the same batches, shared out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import nn

from seeread.data.collate import batches, batches_and_texts, pairs
from seeread.data.example import Example
from seeread.data.lessons.captions import Captioning
from seeread.data.lessons.lesson import Lesson
from seeread.data.mixture import Mixture, Part
from seeread.preprocessing.dialogue import ask
from seeread.training.engine.freezing import freeze
from seeread.training.engine.learner import Learner
from seeread.training.engine.step import backward, limit
from seeread.training.moving.optimizer import build_optimizers
from seeread.training.objectives.captions import contrast_and_captions
from seeread.training.objectives.contrast import contrastive
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import writing
from seeread.training.ranks.gathering import mean
from seeread.training.ranks.states import State, full_state, load_state
from seeread.training.ranks.world import World
from seeread.training.ranks.wrap import wrapped
from seeread.training.settings import Settings
from tests.training.learners import LEARNERS

ROWS = 8
"""Of a batch, on all ranks together."""

SETTINGS = Settings(steps=5, rate=1e-3, batch=ROWS, precision="fp32", average=0.9, gradient_limit=0.5)
WORDS = "ox bee owl ant".split()


def lessons() -> Callable[[int], Sequence[Lesson]]:
    """Noise with captions of one word to three, so that no two ranks have as many words to learn."""
    chance = torch.Generator().manual_seed(0)
    examples = []
    for number in range(12):
        pixels = torch.randint(0, 256, (16, 16, 3), generator=chance, dtype=torch.uint8)
        caption = " ".join(WORDS[: 1 + number % 3])
        examples.append(Example(Image.fromarray(pixels.numpy()), "caption", "", caption))
    return Mixture([Part(examples, Captioning(""))], batch=ROWS)


class Goal:
    """A model, what it is to do, and its batches. "softmax", "sigmoid", "coca", or a family that writes; with "blind"
    behind it, the later half of every batch has no pictures."""

    def __init__(self, name: str, seed: int = 0):
        name, *blind = name.split()
        family = {"softmax": "dual_encoder", "sigmoid": "dual_encoder"}.get(name, name)
        taught = LEARNERS[family]
        if name == "sigmoid":
            taught = replace(taught, config=replace(taught.config, loss="sigmoid"))
        self.model = taught.model(seed)
        self.processor, self.lessons, self.blind = taught.processor, lessons(), bool(blind)
        self.objective: Objective = writing
        self.collate: Any = batches
        if family == "dual_encoder":
            self.objective, self.collate = contrastive(), pairs
        elif family == "coca":
            self.objective, self.collate = contrast_and_captions(), batches_and_texts

    def part(self, step: int, first: int, count: int) -> Any:
        """Some rows of the batch of a step."""
        if self.blind and first >= ROWS // 2:
            numbers = range(first, first + count)
            return self.processor.prompts([ask(f"{n}?") for n in numbers], [WORDS[n % 4] for n in numbers])
        return self.collate(lambda step: self.lessons(step)[first : first + count], self.processor)(step)

    def parts(self, step: int, settings: Settings, world: World) -> list[Any]:
        """The parts of a step's batch that are this rank's."""
        share = ROWS // (settings.accumulate * world.size)
        places = [world.size * part + world.rank for part in range(settings.accumulate)]
        return [self.part(step, share * place, share) for place in places]


class Run:
    """A run as a trainer makes it, without the trainer. Each rank begins with other weights, as if nobody had taken
    care that all are alike."""

    def __init__(self, name: str, settings: Settings, world: World):
        self.goal, self.settings, self.world = Goal(name, seed=world.rank), settings, world
        if settings.frozen:
            freeze(self.goal.model, settings.frozen)
        self.learner = Learner(self.goal.model, self.goal.objective, settings)
        self.engine = wrapped(self.learner, settings, world)
        self.optimizers = build_optimizers(self.learner, settings)
        self.done = 0

    def steps(self, count: int) -> list[list[float]]:
        """The losses, and the norms of the gradients."""
        return [self.step() for _ in range(count)]

    def step(self) -> list[float]:
        weights = [weight for weight in self.learner.parameters() if weight.requires_grad]
        for weight in weights:
            weight.grad = None
        parts = self.goal.parts(self.done, self.settings, self.world)
        loss = backward(self.engine, self.goal.objective, parts)
        norm = limit(weights, self.settings.gradient_limit)
        for optimizer in self.optimizers:
            optimizer.step()
        self.done += 1
        return [mean(loss).item(), norm.item()]

    def state(self) -> State:
        """All of it, on the first rank."""
        tensors, moments = full_state(self.engine, self.optimizers)
        return {name: tensor.clone() for name, tensor in (tensors | moments).items()}

    def restore(self, state: State, done: int) -> None:
        tensors = {name: tensor for name, tensor in state.items() if "/" not in name}
        moments = {name: tensor for name, tensor in state.items() if "/" in name}
        load_state(self.engine, tensors, self.optimizers, moments)
        self.done = done


def differences(family: str, world: World) -> float:
    """How far the gradients of a model that is spread over the ranks are from those of the whole, at most, as a share
    of their largest. All ranks have the same batch."""
    taught = LEARNERS[family]
    settings = replace(SETTINGS, sharding="fsdp")
    whole, spread = (_started(taught.model()) for _ in range(2))
    taught.objective(whole, taught.batch(0)).backward()
    engine = wrapped(Learner(spread, taught.objective, settings), settings, world)
    engine(taught.batch(0)).backward()
    most = 0.0
    for right, found in zip(whole.parameters(), spread.parameters(), strict=True):
        assert (right.grad is None) == (found.grad is None)
        if right.grad is not None and found.grad is not None:
            gathered = found.grad.full_tensor()  # type: ignore[attr-defined]
            most = max(
                most, ((right.grad - gathered).abs().max() / right.grad.abs().max().clamp(min=1e-4)).item()
            )
    return most


def _started(model: nn.Module) -> nn.Module:
    """Gates that are closed at the start let nothing through that could be compared."""
    for name, parameter in model.named_parameters():
        if name.endswith("gate"):
            nn.init.ones_(parameter)
    return model
