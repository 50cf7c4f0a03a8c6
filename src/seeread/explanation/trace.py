"""What depends on what: a model is run once on shapes alone, and every number in it is followed to where it came from.

Weights and activations are on torch's "meta" device, where they have shapes and take no memory, so that a model of any
size is traced in a second. Token ids and all that is counted from them are real, for how a model reads depends on them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.flop_counter import flop_registry

from seeread.nn.attention import Attend

Origin = Literal["sight", "words"]
Origins = frozenset[Origin]
BOTH: Origins = frozenset(("sight", "words"))


_INDEXED = (torch.ops.aten.index, torch.ops.aten.index_put, torch.ops.aten.index_put_)


@dataclass(frozen=True)
class Look:
    """One attention: the path of its module, and where queries and keys came from."""

    module: str
    queries: Origins
    keys: Origins


@dataclass
class Trace:
    """What was seen of one run.

    `flops` are floating point operations by where their inputs came from, a multiplication and an addition counted as
    two; `used` is, for each parameter, where what it met came from, and `touched` are those that anything was done with
    at all. `modules` are the modules in the order in which they
    were done, with where their results came from, and `looks` all attentions in theirs.
    """

    flops: dict[Origins, int] = field(default_factory=dict)
    used: dict[str, Origins] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    modules: list[tuple[str, Origins]] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


def trace(
    model: nn.Module, run: Callable[[], object], sight: Sequence[Tensor], words: Sequence[Tensor]
) -> Trace:
    """Follow `run`, which calls the model, from the tensors of `sight` and of `words`.

    The model, and the numbers of pictures, are on "meta". Dependence is that of whole tensors: what is computed from a
    tensor in which words and sight stand side by side came from both.
    """
    found = Trace(used={name: frozenset() for name, _ in model.named_parameters()})
    follow = _Follow(found, {storage_of(weight): name for name, weight in model.named_parameters()})
    for tensors, origin in ((sight, "sight"), (words, "words")):
        for tensor in tensors:
            follow.mark(tensor, frozenset((origin,)))  # type: ignore[arg-type]  # one of the two words
    with torch.no_grad(), _hooked(model, follow), follow:
        run()
    return found


class _Follow(TorchDispatchMode):
    """Sees every operation. Origins are those of whole storages: views of a tensor came from where it came from."""

    def __init__(self, found: Trace, weights: dict[int, str]):
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = found
        self.weights = weights
        self._origins: dict[int, Origins] = {}
        self._kept: list[Any] = []  # a storage that is let go would lend its number to another

    def mark(self, tensor: Tensor, origins: Origins) -> None:
        """Note where a tensor came from."""
        if origins:
            self._origins[storage_of(tensor)] = self.of(tensor) | origins
            self._kept.append(tensor.untyped_storage())

    def of(self, tensor: Tensor) -> Origins:
        """Where a tensor came from."""
        return self._origins.get(storage_of(tensor), frozenset())

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None
    ) -> Any:
        inputs = [leaf for leaf in tree_leaves((arguments, keywords)) if isinstance(leaf, Tensor)]
        origins: Origins = frozenset().union(*map(self.of, inputs))
        for tensor in inputs:
            if (name := self.weights.get(storage_of(tensor))) is not None:
                self.found.used[name] |= origins
                self.found.touched.add(name)
        given, named = on_shapes(operation, arguments, keywords or {})
        result = operation(*given, **named)
        if count := flop_registry.get(operation.overloadpacket):
            self.found.flops[origins] = self.found.flops.get(origins, 0) + count(*given, **named, out_val=result)
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self.mark(tensor, origins)
        return result


@contextmanager
def _hooked(model: nn.Module, follow: _Follow) -> Iterator[None]:
    """Notes what each module gives, and what each attention compares."""
    with ExitStack() as stack:
        for path, module in model.named_modules():

            def done(_: nn.Module, inputs: Any, output: Any, path: str = path) -> None:
                tensors = (leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor))
                follow.found.modules.append((path, frozenset().union(*map(follow.of, tensors))))

            def looks(_: nn.Module, inputs: Any, path: str = path) -> None:
                follow.found.looks.append(Look(path, follow.of(inputs[0]), follow.of(inputs[1])))

            stack.callback(module.register_forward_hook(done).remove)
            if isinstance(module, Attend):
                stack.callback(module.register_forward_pre_hook(looks).remove)
        yield


def on_shapes(
    operation: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What an operation shall be called with instead, if any of it has a shape and no numbers: shapes alone."""
    if not any(isinstance(leaf, Tensor) and leaf.is_meta for leaf in tree_leaves((arguments, keywords))):
        return arguments, keywords
    if operation.overloadpacket in _INDEXED:
        arguments = (arguments[0], _whole_numbers(arguments[1]), *arguments[2:])
    changed: tuple[tuple[Any, ...], dict[str, Any]] = tree_map_only(
        Tensor, lambda tensor: tensor.to("meta"), (arguments, keywords)
    )
    return changed


def _whole_numbers(places: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Places that are marked by True, which are real, as numbers: how many they are is part of a shape."""
    marked = (list(one.nonzero(as_tuple=True)) if _is_mask(one) else [one] for one in places)
    return [number for numbers in marked for number in numbers]


def _is_mask(places: Tensor | None) -> TypeGuard[Tensor]:
    return places is not None and places.dtype == torch.bool and not places.is_meta


def storage_of(tensor: Tensor) -> int:
    """A number for the memory of a tensor, which it shares with its views, as long as any of them is kept."""
    return int(tensor.untyped_storage()._cdata)
