"""How several ranks share a model: each has all of its weights (DDP), or its part of them (FSDP2)."""

from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from seeread.interface import Generates
from seeread.nn.transformer import Block
from seeread.training.ranks.world import World
from seeread.training.settings import Settings


def wrapped(learner: nn.Module, settings: Settings, world: World) -> nn.Module:
    """The learner on this rank's device, sharing its work with the other ranks as the settings say. It starts from
    the first rank's weights, everywhere. What is frozen must be so already; its optimizer is to be made afterwards.

    Gradients are averaged over the ranks as they come. Statistics of batches (BatchNorm) are each rank's own while it
    learns; those that are saved are the first rank's.
    """
    learner.to(world.device)
    if world.size == 1:
        return learner
    if settings.sharding == "fsdp":
        return sharded(learner, settings, world)
    devices = None if world.device.type == "cpu" else [world.device]
    # Models that write may leave layers out, or a whole tower where a batch has no pictures, and perhaps on one rank
    # only. DDP has to look for it then, every time; those that compare use all that they have.
    look = any(isinstance(part, Generates) for part in learner.children())
    return DistributedDataParallel(learner, device_ids=devices, find_unused_parameters=look)


def sharded(module: nn.Module, settings: Settings, world: World) -> nn.Module:
    """The same module, of whose weights each rank keeps a part (FSDP2, arXiv:2304.11277): DTensors, split along their
    first dimension. The weights of a transformer block come together while it computes, and in the precision in which
    it does; all others, such as embeddings and the temperature, during the whole pass, and in float32. Gradients are
    added up in float32."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    for tensor in module.state_dict().values():
        dist.broadcast(tensor, 0)
    mesh = init_device_mesh(world.device.type, (world.size,))
    half = MixedPrecisionPolicy(
        param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
    )
    policy = half if settings.precision == "bf16" else MixedPrecisionPolicy()
    for part in list(_parts(module)):
        fully_shard(part, mesh=mesh, mp_policy=policy)
    fully_shard(module, mesh=mesh)
    return module


def _parts(module: nn.Module) -> Iterator[nn.Module]:
    for part in module.modules():
        if not isinstance(part, Block):
            continue
        if part.cross_attention is None:
            yield part
        else:  # its cross-attention works before the block does, when it remembers what the block will look up
            yield from (part.attention, part.mlp)
