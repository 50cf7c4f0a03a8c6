"""The learning rate over a run."""

import math


def cosine(step: int, steps: int, warmup: int) -> float:
    """The share of the peak rate at `step` of `steps`: a straight climb for `warmup` steps, then half a cosine to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
