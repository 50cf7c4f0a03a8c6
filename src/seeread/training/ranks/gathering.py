"""What the ranks of a run tell each other. In one process, where there is nobody to tell, all stays as it is."""

import json
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor

from seeread.errors import DataError


def alone() -> bool:
    """Whether this process is the only one of its run."""
    return not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1


def gather(rows: Tensor) -> Tensor:
    """The rows of all ranks, (ranks * rows, ...), in the order of the ranks, of (rows, ...) of each.

    It can be differentiated: the gradient of a row is the sum of what it is on all ranks. Where each rank's loss is
    that of its share, and gradients are averaged over the ranks, as DDP and FSDP do, the gradient of the weights is
    that of the mean of the losses. Raises DataError where the ranks have different numbers of rows.
    """
    if alone():
        return rows
    counts = torch.tensor([len(rows), -len(rows)])
    dist.all_reduce(counts, dist.ReduceOp.MAX)
    most, fewest = counts[0].item(), -counts[1].item()
    if most != fewest:  # asked on the CPU, where it costs little: the device would hang, or mix up rows
        raise DataError(
            f"One rank has {most} rows and another {fewest}. Give every rank as many examples of a batch."
        )
    return cast(Tensor, _Gather.apply(rows))  # type: ignore[no-untyped-call]


@torch.no_grad()
def mean(value: Tensor) -> Tensor:
    """The mean of a tensor over the ranks, for looking at: no gradient flows through it."""
    if alone():
        return value.detach()
    total = value.detach().clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def gather_objects(value: Any) -> list[Any]:
    """What each rank has, in the order of the ranks, on every rank: anything that JSON can hold, and as JSON gives it
    back, so that nothing is ever run that came over the network."""
    written = json.dumps(value)
    if alone():
        return [json.loads(written)]
    letters = torch.frombuffer(bytearray(written.encode()), dtype=torch.uint8)
    lengths = gather(torch.tensor([len(letters)])).tolist()
    padded = torch.zeros(max(lengths), dtype=torch.uint8)
    padded[: len(letters)] = letters
    rows = gather(padded[None])
    return [json.loads(row[:length].numpy().tobytes()) for row, length in zip(rows, lengths, strict=True)]


def barrier() -> None:
    """Wait until every rank is here."""
    agree(False)


def agree(flag: bool) -> bool:
    """Whether any rank says so. All hear the same answer, so that they stop, or pass over a step, together."""
    if alone():
        return flag
    said = torch.tensor([int(flag)])
    dist.all_reduce(said, dist.ReduceOp.MAX)
    return bool(said)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.rows = len(rows)
        everything = rows.new_empty(dist.get_world_size() * len(rows), *rows.shape[1:])
        dist.all_gather(list(everything.chunk(dist.get_world_size())), rows.contiguous())
        return everything

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        own = gradient.new_empty(ctx.rows, *gradient.shape[1:])
        dist.reduce_scatter(own, list(gradient.contiguous().chunk(dist.get_world_size())))
        return own
