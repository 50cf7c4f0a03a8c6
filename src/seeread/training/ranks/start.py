"""How a process joins its run, and leaves it."""

import os
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from seeread.errors import UsageError
from seeread.training.ranks.world import World

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun tells every process that it starts."""


def start(
    device: torch.device | None = None,
    *,
    patience: float = 50.0,
    meeting: float = 300.0,
    longest: float = 3600.0,
) -> World:
    """Joins the run that torchrun started this process for, or is a run of one where there was no torchrun.

    Where there is CUDA each process takes the device of its place on its machine, unless another is named, and the
    ranks speak over NCCL; what lies in main memory always goes over gloo. Times are in seconds: after `patience` a
    rank that is silent counts as lost (see `company`); for `meeting` the others are waited for now, and for `longest`
    later on in each call that needs them. The first may well measure for that long, and all others wait for it.

    A process that has joined already stays. Raises UsageError if its environment says only half of what is needed, or
    if the others cannot be found.
    """
    if dist.is_available() and dist.is_initialized():
        return World(dist.get_rank(), dist.get_world_size(), _device(device), patience)
    if not any(name in os.environ for name in ("RANK", "WORLD_SIZE")):
        return World(device=_device(device))
    if missing := [name for name in NAMES if name not in os.environ]:
        raise UsageError(
            f"This looks like one of several processes, yet {', '.join(missing)} is not in its environment. Start the "
            "run with torchrun, which sets all that is needed, or remove RANK and WORLD_SIZE to train in one process."
        )
    rank, size, place, _ = (_number(name) for name in (*NAMES[:3], "MASTER_PORT"))
    if not rank < size:
        raise UsageError(f"RANK is {rank}, but of {size} processes the last is number {size - 1}.")
    own = _device(device, place)
    if size == 1:
        return World(device=own)
    if not dist.is_available():
        raise UsageError("This build of torch cannot train on several processes. Install another.")
    backend = (
        "gloo" if own.type == "cpu" else f"cpu:gloo,{own.type}:{'nccl' if own.type == 'cuda' else 'gloo'}"
    )
    try:
        store, _, _ = next(rendezvous("env://", rank, size, timeout=timedelta(seconds=meeting)))
        store.set_timeout(timedelta(seconds=meeting))
        dist.init_process_group(
            backend, store=store, rank=rank, world_size=size, timeout=timedelta(seconds=longest)
        )
    except (RuntimeError, ValueError) as error:
        address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise UsageError(
            f"Process {rank} of {size} could not meet the others at {address} within {meeting:.0f} s "
            f"({str(error).splitlines()[0]}). Check that all were started, and that the address can be reached."
        ) from None
    return World(rank, size, own, patience)


def stop(world: World) -> None:
    """Leaves the run. Those who still wait for this process hear of it at once."""
    if world.size > 1 and dist.is_initialized():
        dist.destroy_process_group()


def _number(name: str) -> int:
    try:
        number = int(os.environ[name])
    except ValueError:
        number = -1
    if number < 0:
        raise UsageError(
            f"{name} should be a number, and is {os.environ[name]!r}. Start the run with torchrun."
        )
    return number


def _device(asked: torch.device | None, place: int | None = None) -> torch.device:
    if asked is not None and (asked.type != "cuda" or asked.index is not None):
        return asked
    if not torch.cuda.is_available():
        return torch.device("cpu")
    if place is None:
        place = torch.cuda.current_device()
    elif place >= torch.cuda.device_count():
        raise UsageError(
            f"Process {place} of this machine has no CUDA device: there are {torch.cuda.device_count()}. Start as many "
            "processes as there are devices (torchrun --nproc-per-node)."
        )
    device = torch.device("cuda", place)
    torch.cuda.set_device(device)
    return device
