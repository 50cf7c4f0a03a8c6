"""A recipe: what learns, from what, what it is to do, and how."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from seeread.data.example import Task
from seeread.data.sets.dataset import DataSet
from seeread.pretrained import Pretrained
from seeread.training.settings import Settings

Goal = Literal["contrast", "write", "contrast and write", "classify"]
"""What is learned: to tell which picture belongs to which text, by the loss that the model says it has; to write; both
at once (CoCa); or to tell classes apart by a layer of its own on frozen features (a linear probe)."""

Mode = Literal["full", "connector", "lora", "probe", "lit"]
"""Which weights learn: all; what joins sight to language; small additions to the matrices (LoRA, arXiv:2106.09685); a
linear layer on what the model sees; all but the vision tower (LiT, arXiv:2111.07991)."""


@dataclass(frozen=True, kw_only=True)
class Portion:
    """A part of what is learned from: a set, or what makes it, or where it lies. `weight` compares with those of the
    other portions; without one it is the number of its examples. `task` is what is learned from the set by a model that
    writes, all that it can teach if None."""

    data: str | DataSet | Callable[[], DataSet]
    weight: float | None = None
    task: Task | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`start` is a model's name or folder, or a function that makes one. `rank` and `alpha` are those of LoRA's
    additions, which count `alpha / rank` times. `stored` is the precision that the trained weights are saved in: that
    of the start if None."""

    name: str
    start: str | Callable[[], Pretrained]
    data: tuple[Portion, ...]
    goal: Goal
    settings: Settings
    mode: Mode = "full"
    rank: int = 8
    alpha: float = 16.0
    stored: Literal["fp32", "bf16", "fp16"] | None = None

    def but(self, **changes: object) -> "Recipe":
        """The same recipe with other settings."""
        return replace(self, settings=replace(self.settings, **changes))  # type: ignore[arg-type]
