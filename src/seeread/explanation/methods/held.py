"""Norms whose divisor is held: gradients that tell what a number was made of, not what would change it.

A LayerNorm, an RMSNorm and the length of a unit vector divide by how large their input is. If one patch alone makes a
vector what it is, more of that patch changes the vector's length and hardly its direction: the gradient is about zero
just where the answer came from. With the divisor taken as the number that it was, the gradient says what each part of
the sum has given (Ali et al., arXiv:2202.07304, section 3.2). What the model computes stays the same, bit for bit.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from seeread.nn.norm import RMSNorm


@contextmanager
def held_norms(model: nn.Module) -> Iterator[None]:
    """Within the block the gradients of all norms of tokens take their divisors as given."""
    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, nn.LayerNorm):
                stack.callback(module.register_forward_hook(_layer_norm).remove)
            elif isinstance(module, RMSNorm):
                stack.callback(module.register_forward_hook(_rms_norm).remove)
        yield


def _layer_norm(norm: nn.LayerNorm, inputs: tuple[Any, ...], given: Tensor) -> Tensor:
    x: Tensor = inputs[0]
    centred = x - x.mean(dim=-1, keepdim=True)
    return _as(given, centred * _divided(centred, norm.eps) * norm.weight)


def _rms_norm(norm: RMSNorm, inputs: tuple[Any, ...], given: Tensor) -> Tensor:
    x: Tensor = inputs[0]
    return _as(given, x * _divided(x, norm.eps) * (norm.weight + norm.offset))


def _divided(x: Tensor, eps: float) -> Tensor:
    """One divided by the root of the mean square, held."""
    return (x.detach().square().mean(dim=-1, keepdim=True) + eps).rsqrt()


def _as(given: Tensor, linear: Tensor) -> Tensor:
    """The numbers of the one, with the gradients of the other."""
    return given.detach() + (linear - linear.detach()) if linear.requires_grad else given
