"""What a run was begun with, and may be gone on with."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seeread.errors import DataError, UsageError
from seeread.training.settings import Settings

FREE = frozenset(
    "steps save_every measure_every keep broken_limit bad_steps recompute compile sharding".split()
)
"""Settings that may change while a run goes on: when it ends, what is kept of it, and how the same is computed."""


def noted(settings: Settings) -> dict[str, Any]:
    """Settings as JSON gives them back."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return told


def check_settings(path: Path, begun: Mapping[str, Any], settings: Settings) -> None:
    """Raises UsageError, which names the differences, if the run whose checkpoint lies at `path` was begun with
    settings that move weights in another way."""
    now = noted(settings)
    usual = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}
    then = json.loads(json.dumps(usual)) | dict(
        begun
    )  # what an older version did not know was as it is by default
    changed = [name for name in sorted(then | now) if name not in FREE and then.get(name) != now.get(name)]
    if changed:
        told = ", ".join(f"{name} {then.get(name)} and is now given {now.get(name)}" for name in changed)
        raise UsageError(
            f"{path}: its run was begun with {told}. Go on with what it was begun with, or train in another folder."
        )


def check_fit(path: Path, saved: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> None:
    """Raises DataError, which names tensors and shapes, if the weights of a checkpoint are not those of this model."""
    lacking = [f"it lacks {name}" for name in sorted(wanted.keys() - saved.keys())]
    strange = [f"it has {name}" for name in sorted(saved.keys() - wanted.keys())]
    shapes = [
        f"its {name} is {tuple(saved[name].shape)} and not {tuple(wanted[name])}"
        for name in sorted(saved.keys() & wanted.keys())
        if saved[name].shape != wanted[name]
    ]
    if wrong := shapes[:3] + lacking[:3] + strange[:3]:
        raise DataError(
            f"{path}: this is the state of a run of another model: {', '.join(wrong)}. Train in another folder, or "
            "begin with the model that this run was begun with."
        )
