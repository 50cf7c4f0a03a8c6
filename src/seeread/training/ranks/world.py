"""The processes of a run: which one this is, of how many, and where it computes."""

from dataclasses import dataclass, field

import torch


@dataclass(frozen=True)
class World:
    """`rank` of `size` processes. The first speaks for all: it writes, logs and measures. Whoever is silent for
    `patience` seconds is lost to the others."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    patience: float = 50.0

    @property
    def first(self) -> bool:
        """Whether this one speaks for all."""
        return self.rank == 0
