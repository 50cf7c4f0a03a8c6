"""A run on disk: everything needed to go on from a step, in one file that is replaced as a whole."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from seeread.checkpoints.files import read_metadata, read_tensors, write_safetensors
from seeread.errors import DataError
from seeread.training.streams.stream import State


def save_state(
    path: Path,
    step: int,
    model: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    stood: State,
) -> None:
    """Write what `restore_state` reads; the file that was there stays whole until the new one is."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
    write_safetensors(path, tensors, {"step": str(step), "stream": json.dumps(stood)})


def restore_state(
    path: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[int, State]:
    """Put the weights, their average and the optimizer back as they were saved. The step to go on with,
    and where the stream stood.

    Raises CheckpointError for a file that is damaged, DataError for the state of another model.
    """
    tensors, notes = read_tensors(path), read_metadata(path)
    try:
        step, stood = int(notes["step"]), json.loads(notes["stream"])
        model.load_state_dict(_under("model.", tensors))
        average.load_state_dict(_under("average.", tensors))
    except (KeyError, ValueError, RuntimeError):
        raise DataError(
            f"{path}: this is not the state of a run of this model. Train in another folder, or remove the file."
        ) from None
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("optimizer.", tensors).items():
        index, moment = name.split(".", 1)
        moments.setdefault(int(index), {})[moment] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": moments})
    return step, stood


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
