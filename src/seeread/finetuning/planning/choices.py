"""What is decided for those who decide nothing: which model, what it is to do, which weights, how long, how fast.

The figures were found by training the bundled models on a few hundred to a few thousand pictures of several kinds.
"""

from dataclasses import dataclass
from math import log

from seeread.data.sets.dataset import DataSet
from seeread.errors import UsageError
from seeread.finetuning.planning.plan import Divided
from seeread.interface import Compares, Generates
from seeread.pretrained import Pretrained
from seeread.training.recipe import Goal, Mode
from seeread.training.settings import Settings

COMPARING, WRITING, POINTING = "seeread/mini-clip", "seeread/mini-llava", "seeread/mini-paligemma"

LARGE = 100_000_000
"""Parameters; of a model with more, without a GPU, only small additions learn."""

HELD_OUT = 0.2
"""The share of a set on which the model is measured before and after, and which it never learns from."""

MOST_HELD_OUT = {"compare": 500, "write": 60}
"""Pictures: comparing takes milliseconds each, writing seconds."""


@dataclass(frozen=True)
class Pace:
    """How fast weights of a mode may move, and how often all pictures are seen: `few` times, for sets of some hundred,
    or fewer the more there are, down to `many`."""

    rate: float
    few: int
    many: int


_COMPARING: dict[Mode, Pace] = {
    "full": Pace(1e-4, 12, 3),
    "lit": Pace(2e-4, 12, 3),
    "connector": Pace(1e-3, 20, 5),
    "lora": Pace(1e-3, 12, 3),
    "probe": Pace(1e-2, 40, 10),
}
_WRITING: dict[Mode, Pace] = {
    "full": Pace(2e-4, 10, 2),
    "connector": Pace(1e-3, 12, 3),
    "lora": Pace(1e-3, 10, 2),
}
_SCRATCH = Pace(1e-3, 60, 20)
_FEW, _MANY = 500, 20_000  # pictures
_SHORTEST, _LONGEST = 40, 4000  # steps


def model_for(data: DataSet) -> str:
    """The model to begin with, by what is known of the pictures."""
    if data.knows & {"labels", "captions"}:
        return COMPARING
    return WRITING if "questions" in data.knows else POINTING


def goal_for(model: Pretrained, data: DataSet, mode: Mode) -> Goal:
    """What is learned."""
    if mode == "probe":
        return "classify"
    if isinstance(model.model, Compares):
        both = isinstance(model.model, Generates) and "captions" in data.knows
        return "contrast and write" if both else "contrast"
    return "write"


def mode_for(model: Pretrained, on_gpu: bool) -> Mode:
    """All weights learn, or small additions to them where all would be slow and take much memory."""
    size = sum(parameter.numel() for parameter in model.module.parameters())
    return "lora" if size > LARGE and not on_gpu else "full"


def held_out_most(model: Pretrained) -> int:
    """How many pictures are held out at most."""
    return MOST_HELD_OUT["compare" if isinstance(model.model, Compares) else "write"]


def settings_for(
    model: Pretrained, data: Divided, mode: Mode, *, scratch: bool, precision: str, steps: int | None = None
) -> Settings:
    """How fast, how long and in which batches."""
    compares = isinstance(model.model, Compares) or mode == "probe"
    paces = _COMPARING if compares else _WRITING
    if mode not in paces:
        raise UsageError(
            f"--mode {mode} is for models that compare. For this one take full, connector or lora."
        )
    pace = _SCRATCH if scratch else paces[mode]
    count = data.count if compares else data.examples
    batch = _batch(count, 64 if compares else 16)
    epochs = _between(pace.few, pace.many, count)
    length = steps or round(min(max(epochs * count / batch, _SHORTEST), _LONGEST))
    every = max(1, length // 5)
    return Settings(
        steps=length,
        rate=pace.rate,
        batch=batch,
        warmup=length // 10,
        average=None if length < 20 else 1 - 10 / length,
        precision="bf16" if precision == "bf16" else "fp32",
        norms="learn" if scratch else "keep",
        save_every=min(every, 200),
        measure_every=every,
        broken_limit=0.05,
    )


def _batch(count: int, most: int) -> int:
    """A power of two; of few pictures there are at least some steps in an epoch."""
    size = 4
    while size * 2 <= min(most, max(count // 4, 4)):
        size *= 2
    return size


def _between(few: int, many: int, count: int) -> float:
    """Epochs: in a straight line over the logarithm of the number of pictures."""
    share = (log(max(count, 1)) - log(_FEW)) / (log(_MANY) - log(_FEW))
    return few + (many - few) * min(max(share, 0.0), 1.0)
