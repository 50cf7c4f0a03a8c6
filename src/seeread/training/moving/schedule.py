"""The learning rate over a run."""

import math

from seeread.training.settings import Settings


def share_of_rate(step: int, settings: Settings) -> float:
    """The share of the peak rate with which the step after `step` others is made."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    match settings.schedule:
        case "cosine":
            return cosine(step - settings.warmup, settings.steps - settings.warmup)
        case "wsd":
            return stable(step, settings.steps, settings.decay)
        case "constant":
            return 1.0


def cosine(step: int, steps: int) -> float:
    """Half a cosine, from 1 towards 0 (SGDR without restarts, arXiv:1608.03983)."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, steps))))


def stable(step: int, steps: int, decay: float) -> float:
    """1 until the last `decay` of the steps, and from there in a line towards 0 (arXiv:2404.06395 falls
    exponentially, arXiv:2405.18392 found a line as good)."""
    falling = max(1, round(steps * decay))
    return min(1.0, max(0, steps - step) / falling)
