"""What a method is: it takes apart the scores of a target, and gives a map of the picture for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor

from seeread.explanation.heatmap import Area
from seeread.explanation.target import AnyTarget

Drawn: TypeAlias = tuple[Tensor, Area]
"""(rows, columns) float32 on the CPU, not below zero, and what of the picture it lies over."""


@dataclass(frozen=True)
class Method:
    """`fits` says why a target cannot be explained so, None where it can: "the tower has no attention". `maps` gives
    one for each of the target's scores. A "baseline" is here to be compared with, and not to be believed."""

    name: str
    summary: str
    source: str
    kind: Literal["shipped", "baseline"]
    fits: Callable[[AnyTarget], str | None]
    maps: Callable[[AnyTarget], Sequence[Drawn]]
