"""Linear layers that hold their weights in 8 bits, and everything else as it was: half the memory of bf16, and where
memory is the limit, which it is one token at a time, up to twice the speed.

Every row of a weight is divided by its largest number and rounded to -127 ... 127 (as in `torchao` and gpt-fast).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seeread.nn.mlp import ACTIVATIONS, Activation
from seeread.nn.packed import refuse_gradients

_ROWS = 512
_DIGIT = 256  # an activation is two digits of so many values
_LARGEST = 127 * _DIGIT
_ROUNDING = 1.5 * 2.0**23  # added to a float32, it leaves the whole number in the lowest bits


def quantise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix (out, in) as int8 and a float32 scale (out,) each row is to be multiplied with."""
    numbers = torch.empty(weight.shape, dtype=torch.int8, device=weight.device)
    scale = torch.empty(len(weight), device=weight.device)
    for start in range(0, len(weight), _ROWS):  # so that a wide copy of all is never there
        wide, rows = weight[start : start + _ROWS].detach().float(), slice(start, start + _ROWS)
        scale[rows] = wide.abs().amax(dim=1).clamp_(min=torch.finfo(torch.float32).tiny) / 127
        numbers[rows] = (wide / scale[rows, None]).round_()  # never in place: float32 may be the file itself
    return numbers, scale


def int8_linear(weight: Tensor, bias: Tensor | None, activation: Activation | None = None) -> nn.Module:
    """The fastest layer for this machine; the weight says the device."""
    if weight.device.type == "cpu" and can_pack_int8():
        return PackedInt8Linear(weight, bias, activation)
    return Int8Linear(weight, bias, activation)


def can_pack_int8() -> bool:
    """Whether this processor multiplies bytes (VNNI), and this build of torch has a kernel that lets it."""
    asked = getattr(torch.cpu, "_is_vnni_supported", None)  # private to torch, and the only way to ask
    return (
        torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.onednn, "qlinear_prepack")
        and asked is not None
        and bool(asked())
    )


class Int8Linear(nn.Module):
    """x W' + b, on any device. The weights are widened as they are used."""

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: Activation | None = None):
        super().__init__()
        self.out_features, self.in_features = weight.shape
        numbers, scale = quantise(weight)
        self.register_buffer("weight", numbers, persistent=False)  # they are rounded, and so never saved
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("bias", None if bias is None else bias.detach().clone(), persistent=False)
        self.activation = activation

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """(..., in_features) to (..., out_features), in the precision of x; plus `residual`, if given."""
        refuse_gradients(x)
        y = F.linear(x, self.weight.to(x.dtype)) * self.scale.to(x.dtype)
        return _finished(y, self.bias, self.activation, residual)


class PackedInt8Linear(nn.Module):
    """x W' + b by a CPU's instructions for bytes.

    They multiply bytes by bytes. So that activations keep 16 bits, each is written as two digits, high and low, which
    go through the product as two rows: the weights, which cost the time, are read once for both.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, activation: Activation | None = None):
        super().__init__()
        self.out_features, self.in_features = weight.shape
        numbers, self.scale = quantise(weight)
        # Not buffers: a matrix in oneDNN's layout can be neither saved nor moved.
        self.weight = torch.ops.onednn.qlinear_prepack(numbers, None)
        self.zeros = torch.zeros(self.out_features, dtype=torch.int32)
        self.bias = None if bias is None else bias.detach().clone()
        self.activation = activation

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """(..., in_features) to (..., out_features), in the precision of x; plus `residual`, if given."""
        refuse_gradients(x)
        digits, unit = two_digits(x.reshape(-1, self.in_features).float())
        high, low = torch.ops.onednn.qlinear_pointwise(
            digits, 1.0, _DIGIT // 2, self.weight, self.scale, self.zeros, None, 1.0, 0, torch.float32, "none", [], ""
        ).chunk(2)
        y = torch.add(low, high, alpha=_DIGIT).mul_(unit).to(x.dtype)
        return _finished(y.view(*x.shape[:-1], -1), self.bias, self.activation, residual)


def two_digits(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (rows, numbers) of float32 as bytes (2 * rows, numbers), first all high digits and then all low ones, and
    the unit (rows, 1) of each: x is about unit * (256 * (high - 128) + (low - 128))."""
    unit = (torch.linalg.vector_norm(x, float("inf"), dim=1, keepdim=True) / _LARGEST).clamp_(min=1e-30)
    whole = torch.addcdiv(x.new_tensor(_ROUNDING + _DIGIT // 2), x, unit)  # rounded by the sum itself
    shifted = whole.view(torch.int32).bitwise_xor_(0x8000)  # from two's complement to counting from the smallest
    digits = shifted.view(torch.uint8).view(*x.shape, 4)
    return torch.cat((digits[..., 1], digits[..., 0])), unit


def _finished(y: Tensor, bias: Tensor | None, activation: Activation | None, residual: Tensor | None) -> Tensor:
    if bias is not None:
        y = y + bias.to(y.dtype)
    if activation is not None:
        y = ACTIVATIONS[activation](y)
    return y if residual is None else y + residual
