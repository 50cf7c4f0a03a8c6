"""Watch a model while it runs its one ordinary forward pass: attention maps, features and gradients, by module name.

Nothing of the model is replaced, and its fused attention stays: a hook sees the queries, keys and mask that went by,
and the map is computed from them once more. Nor do gradients need the map to be part of the pass: what attention gives
is the map times the values, so that the gradient of the map is the gradient of what it gave, times the values.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.nn.attention import Attend, shared_out
from seeread.nn.int8 import Int8Linear, PackedInt8Linear
from seeread.nn.packed import PackedLinear

ATTENTION = "*attend"
"""Matches every attention of every model."""


@dataclass(frozen=True)
class Look:
    """One attention of one run: where queries looked.

    `weights` is its map, (batch, heads, queries, keys), each row a softmax over the keys, computed from the queries,
    keys and mask that went by, without a graph. `values` is (batch, key heads, keys, head width): where there is a
    cache, its own numbers, good until it is cut. `given` is what came of both, (batch, heads, queries, head width),
    part of the pass and of its graph if it has one.
    """

    module: str
    weights: Tensor
    values: Tensor
    given: Tensor

    def gradient(self, of_given: Tensor) -> Tensor:
        """The gradient of something with respect to the map, (batch, heads, queries, keys), of that with respect to
        what the attention gave."""
        return of_given @ shared_out(self.values, of_given).transpose(-2, -1)


@dataclass
class Captured:
    """What was seen, in the order in which it happened. A module that ran several times is there several times.

    `looks` are attentions; `features` what any other module gave, by its path.
    """

    looks: list[Look] = field(default_factory=list)
    features: dict[str, list[Any]] = field(default_factory=dict)

    def looks_of(self, pattern: str) -> list[Look]:
        """The attentions of modules whose path matches."""
        return [look for look in self.looks if fnmatchcase(look.module, pattern)]

    def gradients(self, score: Tensor) -> list[Tensor]:
        """The gradient of a number with respect to the map of each of `looks`, zero where it does not depend on it.
        May be asked for several numbers of the same run.

        Raises UsageError where the run was not captured with `gradients`.
        """
        if not score.requires_grad:
            raise UsageError("Nothing is known of gradients here: capture the run with gradients=True.")
        given = [look.given for look in self.looks]
        found = torch.autograd.grad(score, given, retain_graph=True, materialize_grads=True)
        return [look.gradient(one) for look, one in zip(self.looks, found, strict=True)]


@contextmanager
def capture(model: nn.Module, *names: str, gradients: bool = False) -> Iterator[Captured]:
    """Watch the modules whose paths match one of `names` ("text.transformer.blocks.3.*", `ATTENTION`) in all runs
    within the block, those of generation included.

    With `gradients` the runs leave a graph, whatever is said around them (`torch.no_grad`); the kernels stay the same,
    and with them the numbers of the pass. Without, what is captured holds no graph.

    Raises UsageError where no module has such a name, and where gradients are asked for and there can be none: of
    weights that are packed, or rounded to int8, and within `torch.inference_mode`.
    """
    if gradients:
        _require_gradients(model)
    captured = Captured()
    watched = [
        (path, module)
        for path, module in model.named_modules()
        if any(fnmatchcase(path, name) for name in names)
    ]
    if not watched:
        raise UsageError(f"No part of the model is called {' or '.join(names)}. model.named_modules() lists all.")
    with ExitStack() as stack:
        if gradients:
            stack.enter_context(torch.enable_grad())
            for module in model.modules():
                if isinstance(module, Attend):
                    stack.callback(module.register_forward_pre_hook(_mask_aside).remove)
        for path, module in watched:
            watch = _watch_attention if isinstance(module, Attend) else _watch_features
            handle = module.register_forward_hook(watch(captured, path, gradients))
            stack.callback(handle.remove)
        yield captured


def _require_gradients(model: nn.Module) -> None:
    if any(isinstance(module, PackedLinear | Int8Linear | PackedInt8Linear) for module in model.modules()):
        raise UsageError("Packed weights take no gradients. Load the model with precision='fp32' to have them.")
    if torch.is_inference_mode_enabled():
        raise UsageError("There are no gradients within torch.inference_mode. Run the model outside of it.")


def _mask_aside(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """No fused kernel takes a mask that asks for gradients, as one of learned distances would."""
    q, k, v, mask = inputs
    return q, k, v, None if mask is None else mask.detach()


def _watch_attention(captured: Captured, path: str, gradients: bool) -> Any:
    def hook(module: Attend, inputs: tuple[Any, ...], given: Tensor) -> Tensor:
        q, k, v, mask = inputs
        given = _begun(given) if gradients else given
        with torch.no_grad():
            weights = module.weights(q, k, mask)
        captured.looks.append(Look(path, weights, v.detach(), given))
        return given

    return hook


def _watch_features(captured: Captured, path: str, gradients: bool) -> Any:
    def hook(module: nn.Module, inputs: tuple[Any, ...], given: Any) -> Any:
        if isinstance(given, Tensor) and gradients:
            given = _begun(given)
        kept = given.detach() if isinstance(given, Tensor) and not gradients else given
        captured.features.setdefault(path, []).append(kept)
        return given

    return hook


def _begun(given: Tensor) -> Tensor:
    """Part of a graph: the first of it, where there was none."""
    return given if given.requires_grad or not given.is_floating_point() else given.detach().requires_grad_()
