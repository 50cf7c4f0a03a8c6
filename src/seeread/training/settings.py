"""Everything that decides how weights move, in one value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from seeread.errors import UsageError

_FITTING: tuple[tuple[tuple[str, ...], str, Callable[[float], bool]], ...] = (
    (
        ("steps", "batch", "accumulate", "save_every", "measure_every", "keep", "bad_steps"),
        "1 or more",
        lambda value: value >= 1,
    ),
    (("warmup", "weight_decay", "seed"), "0 or more", lambda value: value >= 0),
    (("rate", "gradient_limit", "scale_limit", "crop"), "above 0", lambda value: value > 0),
    (("decay", "broken_limit", "crop"), "from 0 to 1", lambda value: 0 <= value <= 1),
    (("average", "patch_dropout", "betas"), "from 0, below 1", lambda value: 0 <= value < 1),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a run goes. `batch` is what all ranks together learn from in a step; it is worked through in `accumulate`
    parts, and by each rank its share of them.

    The rate climbs to `rate` over `warmup` steps; then it falls to nothing as a cosine, or stays until the last
    `decay` of the steps and then falls in a line ("wsd": warm-up, stable, decay, arXiv:2404.06395), or stays.
    `average` is the decay of the running mean of the weights, None for none; `scale_limit` caps the learned
    temperature's inverse, as CLIP does, lest the logits run away. `precision` is that of the arithmetic; the weights
    stay in float32. `patch_dropout` is the share of patches that are left out while a vision transformer learns
    (FLIP, arXiv:2212.00794); `crop` the least share of a picture that a model which compares or classifies is shown of
    it, stretched a little and mirrored every second time (1: all of it, as it is). `recompute` saves memory:
    activations are computed again on the way back. `frozen` names the parts that keep their weights. Where `norms` are
    kept, those over batches (of a ResNet) go by the means that they had: a few hundred pictures would replace those of
    the millions that a model has seen, before any weight has moved. `sharding` is how
    several ranks share the work: each with all the weights ("ddp"), or with its part of them ("fsdp").

    The state is saved every `save_every` steps and the last `keep` of them stay; what a run measures of itself is
    measured every `measure_every`. At most `broken_limit` of the examples (a share) may be broken. A step whose loss or
    gradient is no number moves nothing; after `bad_steps` of them in a row the run stops.

    Raises UsageError for what no run can be made with, such as a batch of none or a rate below 0.
    """

    steps: int
    rate: float
    batch: int = 64
    warmup: int = 0
    optimizer: Literal["adamw", "muon"] = "adamw"
    schedule: Literal["cosine", "wsd", "constant"] = "cosine"
    decay: float = 0.2
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    gradient_limit: float = 1.0
    average: float | None = 0.998
    scale_limit: float = 100.0
    precision: Literal["bf16", "fp32"] = "bf16"
    accumulate: int = 1
    patch_dropout: float = 0.0
    crop: float = 0.5
    recompute: bool = False
    compile: bool = False
    sharding: Literal["ddp", "fsdp"] = "ddp"
    frozen: tuple[str, ...] = ()
    norms: Literal["learn", "keep"] = "learn"
    seed: int = 0
    save_every: int = 500
    measure_every: int = 500
    keep: int = 3
    broken_limit: float = 0.01
    bad_steps: int = 3

    def __post_init__(self) -> None:
        for names, wanted, fits in _FITTING:
            for name in names:
                given = getattr(self, name)
                for value in given if isinstance(given, tuple) else (given,):
                    if value is not None and not fits(value):  # what is no number (NaN) fits nowhere
                        raise UsageError(f"{name} must be {wanted}, and not {value}.")
