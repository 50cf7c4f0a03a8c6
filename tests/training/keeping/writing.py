"""Small checkpoints to be damaged."""

from pathlib import Path

import torch
from torch import Tensor

from seeread.training.keeping.checkpoint import write_checkpoint

FILES = ("state.safetensors", "state.json", "manifest.json")


def tensors(step: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(step)
    return {
        "model.weight": torch.randn(5, 7, generator=generator),
        "model.half": torch.randn(3, generator=generator).bfloat16(),
        "optimizer.weight.step": torch.tensor(float(step)),
        "counts": torch.arange(4) + step,
    }


def written(run: Path, *steps: int) -> list[Path]:
    return [write_checkpoint(run, step, tensors(step), {"stream": {"given": step}}) for step in steps]


def steps_of(run: Path) -> list[int]:
    return sorted(int(path.name[5:]) for path in (run / "checkpoints").iterdir())
