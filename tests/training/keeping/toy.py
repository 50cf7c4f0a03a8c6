"""A run of 200 steps that leans on everything that has to be kept, and is over in a second."""

import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.checkpoints.files import write_safetensors
from seeread.errors import DataError
from seeread.models.dual_encoder import DualEncoder
from seeread.nn.initialise import initialise
from seeread.training.engine.trainer import train
from seeread.training.keeping.stopping import SAVED_AND_STOPPED, StoppedError
from seeread.training.settings import Settings
from seeread.training.streams.stream import State
from seeread.training.watching.journal import Journal
from seeread.training.watching.watcher import Beginning, Moment, Watcher
from tests.tiny import tiny_config

SETTINGS = Settings(
    steps=200,
    rate=3e-3,
    warmup=20,
    batch=4,
    precision="fp32",
    average=0.9,
    save_every=9,
    keep=2,
    measure_every=50,
)
EXAMPLES = 30
FINAL = "final.safetensors"


class Seen:
    """Thirty noisy pictures, all once an epoch in an order drawn anew for each; it tells which it gave."""

    def __init__(self, size: int):
        self.size, self.given, self.ids = size, 0, list[int]()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        numbers = range(self.given * self.size, (self.given + 1) * self.size)
        ids = [self.order(number // EXAMPLES)[number % EXAMPLES] for number in numbers]
        self.given += 1
        self.ids += ids
        images = torch.stack([self.picture(one) for one in ids])
        # What people's own transforms do: they draw from generators that nobody hands to them.
        images = images * random.uniform(0.9, 1.1) + 0.1 * float(np.random.standard_normal())
        return images, torch.tensor([[1, 4 + one % 8, 2] for one in ids])

    def order(self, epoch: int) -> list[int]:
        return random.Random(epoch).sample(range(EXAMPLES), EXAMPLES)

    def picture(self, one: int) -> Tensor:
        return torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(one))

    def state(self) -> State:
        return {"given": self.given}

    def restore(self, state: State) -> None:
        if state.keys() != {"given"}:
            raise DataError("another stream")
        self.given = state["given"]

    @property
    def trouble(self) -> Mapping[str, str]:
        return {}


class Witness:
    """Writes down the loss and the examples of each step, in a file of its own for each life of the run."""

    def __init__(self, out: Path, stream: Seen):
        self.out, self.stream = out, stream

    def began(self, beginning: Beginning) -> None:
        life = len(list(self.out.glob("seen-*.jsonl")))
        self.file = (self.out / f"seen-{life:04d}.jsonl").open("a", buffering=1)
        self.stream.ids.clear()

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        line = [moment.step, moment.loss.hex(), list(self.stream.ids), sorted(moment.figures.items())]
        self.file.write(json.dumps(line) + "\n")
        self.stream.ids.clear()

    def ended(self, reason: str | None) -> None:
        self.file.close()


def objective(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Each picture picks its text out of all, and noise was added to it."""
    images, tokens = batch
    logits: Tensor = model(images + 0.1 * torch.randn(images.shape), tokens)
    return F.cross_entropy(logits, torch.arange(len(logits)))


def measure(step: int, model: nn.Module) -> Mapping[str, float]:
    """It draws, too; the run must not notice."""
    return {"chance": torch.rand(()).item() * 0, "norm": sum(p.norm().item() for p in model.parameters())}


def live(out: Path, changes: Mapping[str, Any], watchers: Sequence[Watcher] = ()) -> int:
    """Trains to the end, or as long as it is let. The exit status."""
    settings = replace(SETTINGS, **changes)
    going_on = any(out.glob("checkpoints/step-*"))
    for seed in (torch.manual_seed, random.seed, np.random.seed):
        seed(os.getpid() if going_on else 0)  # what is drawn in a later life must come from what was kept
    model = DualEncoder(tiny_config())
    initialise(model)
    stream = Seen(settings.batch // settings.accumulate)
    told = [Witness(out, stream), Journal(out), *watchers]
    try:
        model = train(model, objective, stream, settings, out, measure=measure, watchers=told)
    except StoppedError:
        return SAVED_AND_STOPPED
    write_safetensors(out / FINAL, model.state_dict())
    return 0
