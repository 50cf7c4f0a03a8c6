"""How several ranks share a model: each has all of its weights (DDP), or its part of them (FSDP2)."""

from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from seeread.errors import DataError
from seeread.interface import Generates
from seeread.nn.transformer import Block
from seeread.training.ranks.gathering import agree
from seeread.training.ranks.world import World
from seeread.training.settings import Settings


def wrapped(learner: nn.Module, settings: Settings, world: World) -> nn.Module:
    """The learner on this rank's device, sharing its work with the other ranks as the settings say. It starts from
    the first rank's weights, everywhere. What is frozen must be so already; its optimizer is to be made afterwards.

    Gradients are averaged over the ranks as they come. Statistics of batches (BatchNorm) are each rank's own while it
    learns; those that are saved are the first rank's.
    """
    if world.size > 1 and settings.sharding == "fsdp":  # which moves a block at a time: the whole may be too large
        learner.register_forward_pre_hook(_see_alike)
        return sharded(learner, settings, world)
    learner.to(world.device)
    if world.size == 1:
        return learner
    devices = None if world.device.type == "cpu" else [world.device]
    # Models that write may leave layers out, or a whole tower where a batch has no pictures, and perhaps on one rank
    # only. DDP has to look for it then, every time; those that compare use all that they have.
    look = any(isinstance(part, Generates) for part in learner.children())
    return DistributedDataParallel(learner, device_ids=devices, find_unused_parameters=look)


def sharded(module: nn.Module, settings: Settings, world: World) -> nn.Module:
    """The same module, of whose weights each rank keeps a part (FSDP2, arXiv:2304.11277): DTensors, split along their
    first dimension. Those of a transformer block come together while it computes, all others, such as embeddings and
    the temperature, for the whole pass. The matrices of blocks travel in the precision in which they are used, which
    autocast would round them to; all others, and all gradients, in float32."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    for tensor in module.state_dict().values():
        dist.broadcast(tensor, 0)
    mesh = init_device_mesh(world.device.type, (world.size,))
    rounded = MixedPrecisionPolicy(torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False)
    rounds = settings.precision == "bf16"
    policy = rounded if rounds else MixedPrecisionPolicy()
    for block in [part for part in module.modules() if isinstance(part, Block)]:
        for name, part in block.named_children():
            if rounds and name.endswith("norm") and any(True for _ in part.parameters()):
                fully_shard(part, mesh=mesh)
        if block.cross_attention is None:
            fully_shard(block, mesh=mesh, mp_policy=policy)
        else:  # it works before its block does, to remember what that will look up
            fully_shard(block.attention, mesh=mesh, mp_policy=policy)
            fully_shard(block.mlp, mesh=mesh, mp_policy=policy)
    fully_shard(module, mesh=mesh)
    return module


def _see_alike(learner: nn.Module, asked: tuple[Any, ...]) -> None:
    """Where one rank looks at pictures and another has none, they would wait for different weights, for ever."""
    sees = _has_pictures(asked[0])
    some, others_none = agree(sees), agree(not sees)
    if some and others_none:
        raise DataError(
            "One rank has pictures in its part of a batch, and another has none: with sharding='fsdp' all or none must "
            "have some. Train with larger batches, with only one kind of data in a step, or with sharding='ddp'."
        )


def _has_pictures(batch: Any) -> bool:
    while hasattr(batch, "batch"):  # what is asked of a part of a step
        batch = batch.batch
    if isinstance(batch, tuple):
        return any(map(_has_pictures, batch))
    return getattr(batch, "images", None) is not None
