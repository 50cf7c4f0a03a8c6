"""What the methods compute, once more by other means: attention that keeps its maps in the graph, and norms that hold
their divisors by how they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch
from torch import Tensor, nn

from seeread.nn.attention import Attend, shared_out
from seeread.nn.norm import RMSNorm

Maps = dict[str, Tensor]
"""Attention maps (batch, heads, queries, keys) by the path of their module."""


@contextmanager
def kept_maps(model: nn.Module, held: bool = True) -> Iterator[Maps]:
    """The model runs with attention written out, whose maps are part of the graph and are kept."""
    names = {module: path for path, module in model.named_modules()}
    maps: Maps = {}

    def attend(self: Attend, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        weights = self.weights(q, k, mask)
        maps[names[self]] = weights
        return weights @ shared_out(v, q)

    def layer_norm(self: nn.LayerNorm, x: Tensor) -> Tensor:
        deviation = (x.var(dim=-1, keepdim=True, unbiased=False) + self.eps).sqrt().detach()
        return (x - x.mean(dim=-1, keepdim=True)) / deviation * self.weight + self.bias

    def rms_norm(self: RMSNorm, x: Tensor) -> Tensor:
        return x / (x.square().mean(dim=-1, keepdim=True) + self.eps).sqrt().detach() * (self.weight + self.offset)

    with patch.object(Attend, "forward", attend):
        if not held:
            yield maps
            return
        with patch.object(nn.LayerNorm, "forward", layer_norm), patch.object(RMSNorm, "forward", rms_norm):
            yield maps


def toward(odds: Tensor, maps: Maps) -> Maps:
    """The mean over heads of what is positive in map times gradient, (queries, keys) of one picture or (batch, queries,
    keys), with the largest sum of a row at one."""
    gradients = torch.autograd.grad(odds, list(maps.values()), retain_graph=True, materialize_grads=True)
    found = {
        path: (weights * gradient).clamp(min=0).mean(dim=1).detach()
        for (path, weights), gradient in zip(maps.items(), gradients, strict=True)
    }
    largest = max(float(weights.sum(dim=-1).max()) for weights in found.values())
    return {path: weights / largest for path, weights in found.items()}
