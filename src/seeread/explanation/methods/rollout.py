"""Attention rollout: attention of all layers, multiplied up from the picture to the answer (arXiv:2005.00928)."""

import torch
from torch import Tensor

from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import attention_to_cells
from seeread.explanation.methods.run import Run, watch
from seeread.explanation.methods.streams import Streams, wire
from seeread.explanation.target import AnyTarget


def rollout(target: AnyTarget) -> list[Drawn]:
    """A map of each score. Each attention counts half, and half the residual stream beside it; it knows nothing of what
    was asked but by where the answer is read off."""
    run = watch(target, gradients=False)
    with torch.enable_grad():
        return [run.draw(_cells(run, index)) for index in range(len(run.odds))]


def _cells(run: Run, index: int) -> Tensor:
    streams = Streams(run)
    for look in run.captured.looks:
        if wire(look.module) is not None:
            streams.read(look.module, look.weights.mean(dim=1).float().cpu(), lambda now, read: (now + read) / 2)
    name, rows = run.rows(index)
    return streams.back(streams.now(name)[:, rows].sum())


ROLLOUT = Method(
    name="rollout",
    summary="Attention of all layers multiplied up, half of each for the residual stream.",
    source="arXiv:2005.00928",
    kind="baseline",
    fits=attention_to_cells,
    maps=rollout,
)
"""A baseline."""
