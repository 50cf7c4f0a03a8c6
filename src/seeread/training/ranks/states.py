"""The state of a run, whole, and by the names of the weights: the same for one process, DDP and FSDP2."""

from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.optim import Optimizer

from seeread.errors import DataError
from seeread.training.ranks.gathering import alone, gather_objects

State = dict[str, Tensor]

WRAPPERS = ("module.", "_orig_mod.", "_checkpoint_wrapped_module.")
"""What DDP, torch.compile and activation checkpointing put into the names of weights."""


def full_state(module: nn.Module, optimizers: Sequence[Optimizer] = ()) -> tuple[State, State]:
    """The tensors of a module, and those of its optimizers as "weight/moment", in main memory on the first rank; on the
    others nothing. All ranks must ask together. They are to be written before the next step: in one process on a CPU
    they are not copied."""
    return _whole(_tensors(module)), _whole(_moments(_names(module), optimizers))


def load_state(
    module: nn.Module,
    tensors: Mapping[str, Tensor],
    optimizers: Sequence[Optimizer] = (),
    moments: Mapping[str, Tensor] | None = None,
) -> None:
    """Put back what `full_state` gave, whatever the number of ranks was, or the sharding. All ranks must ask together;
    what the first has goes to all, and the others may come with empty hands.

    Raises DataError, on all ranks and before anything is changed, for the state of another model or optimizer.
    """
    moments = dict(moments or {})
    names, own = _names(module), dict(_tensors(module))
    trouble = _misfit(own, tensors, moments, {names[id(w)] for o in optimizers for w in _weights(o)})
    kinds = {name: (list(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in moments.items()}
    trouble, kinds = gather_objects((trouble, kinds))[0]
    if trouble is not None:
        raise DataError(
            f"The saved state is not that of a run like this one: {trouble}. Train in another folder, or with the "
            "model and settings of that run."
        )
    for name, tensor in own.items():
        _fill(tensor, tensors.get(name))
    for optimizer in optimizers:
        state: dict[int, State] = {}
        for number, weight in enumerate(_weights(optimizer)):
            for name, (shape, kind) in kinds.items():
                owner, _, moment = name.rpartition("/")
                if owner == names[id(weight)]:
                    like = weight.detach() if list(weight.shape) == shape else torch.empty(shape)
                    empty = torch.empty_like(like, dtype=getattr(torch, kind))
                    state.setdefault(number, {})[moment] = _fill(empty, moments.get(name))
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})


def _misfit(own: State, tensors: Mapping[str, Tensor], moments: State, learning: set[str]) -> str | None:
    if missing := sorted(own.keys() - tensors.keys()):
        return f"it has no {missing[0]}"
    if unknown := sorted(tensors.keys() - own.keys()):
        return f"it has {unknown[0]}, which is not in the model"
    for name, tensor in own.items():
        if tensor.shape != tensors[name].shape:
            return f"its {name} is {tuple(tensors[name].shape)}, and that of the model {tuple(tensor.shape)}"
    owners = {name.rpartition("/")[0] for name in moments}
    if strange := sorted(
        owners - learning
    ):  # not the other way round: of what nothing needed, nothing is remembered
        return f"{strange[0]} learned there, and does not learn here"
    for name, moment in moments.items():
        if moment.ndim and moment.shape != own[name.rpartition("/")[0]].shape:
            return f"its {name} is {tuple(moment.shape)}"
    return None


def _bare(name: str) -> str:
    for wrapper in WRAPPERS:
        name = name.removeprefix(wrapper).replace("." + wrapper, ".")
    return name


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in module.state_dict().items():
        yield _bare(name), tensor


def _names(module: nn.Module) -> dict[int, str]:
    return {id(weight): _bare(name) for name, weight in module.named_parameters()}


def _weights(optimizer: Optimizer) -> list[nn.Parameter]:
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def _moments(names: Mapping[int, str], optimizers: Sequence[Optimizer]) -> Iterator[tuple[str, Tensor]]:
    for optimizer in optimizers:
        for weight in _weights(optimizer):
            for moment, value in optimizer.state.get(weight, {}).items():
                yield f"{names[id(weight)]}/{moment}", torch.as_tensor(value)


def _whole(tensors: Iterator[tuple[str, Tensor]]) -> State:
    """One tensor at a time, so that no rank but the first ever holds more than that."""
    first = alone() or dist.get_rank() == 0
    kept = {}
    for name, tensor in tensors:
        whole: Tensor = tensor.detach()
        if hasattr(whole, "full_tensor"):
            whole = whole.full_tensor()
        if first:
            kept[name] = whole.cpu()
    return kept


@torch.no_grad()
def _fill(tensor: Tensor, whole: Tensor | None) -> Tensor:
    """Give a tensor, or this rank's part of it, the numbers that the first rank has of it."""
    if alone():
        return tensor.copy_(whole) if whole is not None else tensor
    if not hasattr(tensor, "full_tensor"):
        if whole is not None:
            tensor.copy_(whole)
        dist.broadcast(tensor, 0)
        return tensor
    from torch.distributed.tensor import distribute_tensor

    place = tensor.device_mesh.device_type  # type: ignore[attr-defined]
    sent = torch.empty(tensor.shape, dtype=tensor.dtype, device=place)
    if whole is not None:
        sent.copy_(whole)
    return tensor.copy_(distribute_tensor(sent, tensor.device_mesh, tensor.placements))  # type: ignore[attr-defined]
