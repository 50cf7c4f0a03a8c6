"""LoRA: small additions to matrices that stay as they are (arXiv:2106.09685)."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.nn.attention import Attention
from seeread.nn.mlp import MLP, GatedMLP
from seeread.nn.transformer import Transformer


class LoRA(nn.Module):
    """A linear layer W and what is added to it: W x + alpha / rank B A x, where A (`down`) is (rank, in) and B (`up`)
    is (out, rank). B starts at zero, and so the sum where W was."""

    def __init__(self, layer: nn.Linear, rank: int, alpha: float):
        super().__init__()
        self.layer = layer
        self.rank, self.alpha = rank, alpha
        where = {"device": layer.weight.device, "dtype": layer.weight.dtype}
        self.down = nn.Linear(layer.in_features, rank, bias=False, **where)
        self.up = nn.Linear(rank, layer.out_features, bias=False, **where)
        nn.init.kaiming_uniform_(self.down.weight, a=math.sqrt(5))
        nn.init.zeros_(self.up.weight)

    @property
    def scale(self) -> float:
        """How much the addition counts."""
        return self.alpha / self.rank

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(x)
        added: Tensor = self.up(self.down(x))
        return y + added * self.scale

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """The layer with the addition in its weights, which then costs nothing."""
        self.layer.weight += self.up.weight @ self.down.weight * self.scale
        return self.layer


def add(model: nn.Module, rank: int, alpha: float) -> None:
    """Put an addition beside every matrix of the attention and the MLPs of the model's transformers, in place. Drawn
    from torch's global generator. Raises UsageError for a rank that makes no sense, and where there is no transformer.
    """
    if rank < 1 or not alpha > 0:
        raise UsageError(
            f"LoRA with a rank of {rank} and an alpha of {alpha:g} makes no sense. Take 8 and 16."
        )
    layers = list(_layers(model))
    if not layers:
        raise UsageError(
            f"A {type(model).__name__} has no transformer, whose matrices LoRA adds to. Take another mode."
        )
    for name, layer in layers:
        put(model, name, LoRA(layer, rank, alpha))


def merge(model: nn.Module) -> None:
    """Take the additions into the weights, in place: the model computes the same, and is what it was before `add`."""
    for name, addition in list(additions(model)):
        put(model, name, addition.merged())


def additions(model: nn.Module) -> Iterator[tuple[str, LoRA]]:
    """All of a model, by the names of the layers that they stand at."""
    return ((name, module) for name, module in model.named_modules() if isinstance(module, LoRA))


def put(model: nn.Module, name: str, module: nn.Module) -> None:
    """Put `module` where the model has the one of that name."""
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, module)


def _layers(model: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    for outer, transformer in model.named_modules():
        if isinstance(transformer, Transformer):
            for inner, part in transformer.named_modules(prefix=outer):
                if isinstance(part, Attention | MLP | GatedMLP):
                    for name, layer in part.named_children():
                        if isinstance(layer, nn.Linear):
                            yield f"{inner}.{name}", layer
