"""Everything that decides how weights move, in one value."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """AdamW with a warm-up and a cosine. `precision` is that of the arithmetic; the weights stay in float32.

    `average` is the decay of the running mean of the weights; `scale_limit` caps the learned temperature's
    inverse, as CLIP does, lest the logits run away. `frozen` names the parts that keep their weights.
    """

    steps: int
    rate: float
    warmup: int
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    gradient_limit: float = 1.0
    average: float = 0.998
    scale_limit: float = 100.0
    precision: Literal["bf16", "fp32"] = "bf16"
    seed: int = 0
    frozen: tuple[str, ...] = ()
