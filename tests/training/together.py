"""One of several processes that make a run together in a test: what it gave, each rank writes down."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from seeread.nn.transformer import Block, TransformerConfig
from seeread.training.engine.trainer import train
from seeread.training.ranks.start import start, stop
from seeread.training.ranks.world import World
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from tests.training.runs import Told, same

SETTINGS = Settings(
    steps=6, rate=1e-2, precision="fp32", average=0.8, gradient_limit=0.3, save_every=3, measure_every=3,
    frozen=("1.attention.key.bias",),  # which no softmax sees: its gradient is rounding alone
)  # fmt: skip
CASES: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "parts": {"accumulate": 2},
    "sharded": {"sharding": "fsdp"},
    "alone": {"sharding": "fsdp", "average": None},
    "muon": {"optimizer": "muon"},
    "muon sharded": {"optimizer": "muon", "sharding": "fsdp"},
    "spoiled": {"seed": 13},
    "spoiled sharded": {"seed": 13, "sharding": "fsdp"},
}
ROWS = 8


def model() -> nn.Module:
    """Always the same."""
    torch.manual_seed(3)
    block = Block(TransformerConfig(width=4, layers=1, heads=2, hidden=6))
    return nn.Sequential(nn.Linear(4, 4), block, nn.Linear(4, 2))


def squares(model: nn.Module, batch: Tensor) -> Tensor:
    """A mean over rows."""
    return (model(batch) - 1).square().mean()


def stream(settings: Settings, world: World) -> Steps:
    """The share of a rank in each part of each step. In one of them a number of the last rank is none."""

    def part(number: int) -> Tensor:
        step, which = divmod(number, settings.accumulate)
        rows = torch.randn(ROWS, 3, 4, generator=torch.Generator().manual_seed(step))
        if settings.seed == 13 and step == 2:
            rows[-1, 0, 0] = float("nan")
        return rows.chunk(settings.accumulate)[which].chunk(world.size)[world.rank]

    return Steps(part)


def run(case: str, folder: Path, world: World) -> tuple[nn.Module, Told]:
    """One run, to its end."""
    settings, told = replace(SETTINGS, **CASES[case]), Told()
    trained = train(
        model(), squares, stream(settings, world), settings, folder / f"{case} {world.size}",
        measure=lambda step, shown: {"weight": sum(p.sum().item() for p in shown.parameters())},
        watchers=[told], world=world,
    )  # fmt: skip
    return trained, told


def main(folder: str, *cases: str) -> None:
    """All these cases."""
    torch.set_num_threads(1)
    world = start()
    for case in cases:
        trained, told = run(case, Path(folder), world)
        over, _ = run(case, Path(folder), world)  # what is over gives the same once more
        assert same(trained, over)
        kept = Path(folder) / f"{case} of {world.rank}"
        save_file(trained.state_dict(), kept.with_suffix(".safetensors"))
        figures = [(m.loss, m.gradient, m.skipped, m.images_per_second * m.seconds) for m in told.moments]
        measured = [moment.figures["weight"] for moment in told.moments if moment.figures]
        kept.with_suffix(".json").write_text(json.dumps([figures, measured]))
    stop(world)
