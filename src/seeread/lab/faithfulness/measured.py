"""Shares and means of what was measured on many scenes, with the interval that they lie in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seeread.evaluation.metrics.bootstrap import bootstrap_mean, unanimous

Kind = Literal["shipped", "baseline", "control"]


@dataclass(frozen=True)
class Measured:
    """A mean over `count` scenes, and the bounds that it lies between in 95 of 100 sets of scenes like these."""

    score: float
    low: float
    high: float
    count: int


def mean(scenes: Sequence[Sequence[float]]) -> Measured:
    """Of all numbers, where those of a scene belong together; not a number of none."""
    scenes = [scene for scene in scenes if len(scene)]
    if not scenes:
        return Measured(math.nan, math.nan, math.nan, 0)
    found = bootstrap_mean(scenes)
    if found.score in (0.0, 1.0) and all(number == found.score for scene in scenes for number in scene):
        found = unanimous(found.score, len(scenes))
    return Measured(found.score, found.low, found.high, len(scenes))
