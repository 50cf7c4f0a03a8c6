"""Batches on their way to the device: copied by the thread that made them, so that no step waits for it."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor


def sent(batch: Any, device: torch.device) -> Any:
    """The batch on the device, with all tensors in it, also those within dataclasses and tuples. To a CUDA device it
    goes from pinned memory on a stream of its own, beside whatever is being computed."""
    if device.type != "cuda":
        return batch
    with torch.cuda.device(device):
        beside = torch.cuda.Stream()
        with torch.cuda.stream(beside):
            moved = _each(batch, lambda tensor: tensor.pin_memory().to(device, non_blocking=True))
        beside.synchronize()
    return moved


def received(batch: Any, device: torch.device) -> Any:
    """The same batch; its memory is given back only after what is now being asked of the device has been done."""
    if device.type == "cuda":
        _each(batch, lambda tensor: _held(tensor, device))
    return batch


def _held(tensor: Tensor, device: torch.device) -> Tensor:
    if tensor.is_cuda:
        tensor.record_stream(torch.cuda.current_stream(device))
    return tensor


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_each(part, change) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{part.name: _each(getattr(value, part.name), change) for part in fields(value)}
        )
    return value
