"""Runs that never were: their beginnings and their steps."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from seeread.training.settings import Settings
from seeread.training.watching.watcher import Beginning, Moment, Watcher

MODEL = nn.Linear(2, 2)


def beginning(out: Path, step: int = 0, steps: int = 100, **settings: Any) -> Beginning:
    return Beginning(out, Settings(steps=steps, rate=1e-3, **settings), step, parameters=1_500_000, learning=6)


def moment(step: int, loss: float | None = None, **other: Any) -> Moment:
    usual: dict[str, Any] = {
        "rate": 1e-3, "seconds": 0.25, "waited": 0.02, "images_per_second": 256.0, "gradient": 0.5,
    }  # fmt: skip
    return Moment(step=step, loss=4 * math.exp(-step / 40) if loss is None else loss, **usual | other)


def follow(watchers: Sequence[Watcher], out: Path, first: int, last: int, steps: int = 100) -> None:
    """Tells them of the steps behind `first`, up to `last`; of no end."""
    for watcher in watchers:
        watcher.began(beginning(out, first, steps))
    for step in range(first + 1, last + 1):
        for watcher in watchers:
            watcher.stepped(moment(step), MODEL)
