"""Rotary position embedding (arXiv:2104.09864), with the scalings that published checkpoints use."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class LinearScaling:
    """Positions are divided by `factor` (arXiv:2306.15595; LongChat, Vicuna 16k)."""

    factor: float

    def frequencies(self, plain: Tensor, rope: "Rope") -> Tensor:
        """(turning / 2,) angles a position turns by, to the same."""
        return plain / self.factor


@dataclass(frozen=True, kw_only=True)
class Llama3Scaling:
    """Slow frequencies are divided by `factor`, fast ones kept, those between are blended (Llama 3.1)."""

    factor: float
    low_factor: float
    high_factor: float
    trained_length: int

    def frequencies(self, plain: Tensor, rope: "Rope") -> Tensor:
        """(turning / 2,) angles a position turns by, to the same."""
        turns = self.trained_length * plain / (2 * math.pi)
        kept = ((turns - self.low_factor) / (self.high_factor - self.low_factor)).clamp(0, 1)
        return plain * kept + plain / self.factor * (1 - kept)


@dataclass(frozen=True, kw_only=True)
class YarnScaling:
    """As Llama 3's, blended over dimensions, and scores are sharpened a little (arXiv:2309.00071; Qwen2)."""

    factor: float
    trained_length: int
    fast_turns: float = 32.0
    slow_turns: float = 1.0
    sharpening: float | None = (
        None  # of queries and keys each; 0.1 ln(factor) + 1 unless the checkpoint says so
    )

    def frequencies(self, plain: Tensor, rope: "Rope") -> Tensor:
        """(turning / 2,) angles a position turns by, to the same."""
        half = len(plain)

        def dimension(turns: float) -> float:
            return half * math.log(self.trained_length / (turns * 2 * math.pi)) / math.log(rope.theta)

        first = max(math.floor(dimension(self.fast_turns)), 0)
        last = min(math.ceil(dimension(self.slow_turns)), 2 * half - 1)
        blend = ((torch.arange(half, device=plain.device) - first) / max(last - first, 0.001)).clamp(0, 1)
        return plain * (1 - blend) + plain / self.factor * blend


RopeScaling = LinearScaling | Llama3Scaling | YarnScaling


@dataclass(frozen=True, kw_only=True)
class Rope:
    """Position p turns the pair of dimensions (i, i + half) by p * theta ** (-2 i / turning)."""

    theta: float = 10_000.0
    fraction: float = 1.0  # part of each head that turns
    scaling: RopeScaling | None = None

    def rotation(self, positions: Tensor, head_width: int) -> "Rotation":
        """Of positions (batch, tokens), counted from 0; what is negative is padding and stays as it is."""
        turning = int(head_width * self.fraction)
        places = torch.arange(0, turning, 2, device=positions.device, dtype=torch.float32)
        frequencies = self.theta ** -(places / turning)
        sharpening = 1.0
        if self.scaling is not None:
            frequencies = self.scaling.frequencies(frequencies, self)
        if isinstance(self.scaling, YarnScaling):
            sharpening = self.scaling.sharpening or 0.1 * math.log(self.scaling.factor) + 1
        angles = positions.clamp(min=0)[:, None, :, None] * frequencies
        angles = torch.cat((angles, angles), dim=-1)
        return Rotation(angles.cos() * sharpening, angles.sin() * sharpening)


@dataclass(frozen=True)
class Rotation:
    """The angles of one forward pass, (batch, 1, tokens, turning), ready to turn queries and keys."""

    cos: Tensor
    sin: Tensor

    def to(self, device: torch.device | str | int) -> "Rotation":
        """The same angles on another device."""
        return Rotation(self.cos.to(device), self.sin.to(device))

    def __call__(self, x: Tensor) -> Tensor:
        """(batch, heads, tokens, head width) to the same, its first dimensions turned."""
        turning = self.cos.shape[-1]
        turned = x[..., :turning].float()
        a, b = turned.chunk(2, dim=-1)
        turned = (turned * self.cos + torch.cat((-b, a), dim=-1) * self.sin).to(x.dtype)
        return turned if turning == x.shape[-1] else torch.cat((turned, x[..., turning:]), dim=-1)
