"""The benchmark of explanations: methods by models and tests, beside maps that know nothing."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import seeread
from seeread.checkpoints.load import load
from seeread.errors import UsageError
from seeread.explanation.methods.method import Method
from seeread.lab.faithfulness.rows import TESTS, Row
from seeread.lab.faithfulness.scenes.measure import measure
from seeread.lab.faithfulness.shortcut.designs import designs
from seeread.lab.faithfulness.shortcut.measure import planted
from seeread.pretrained import Pretrained, Progress

BUNDLED = tuple(f"seeread/mini-{name}" for name in ("clip", "llava", "paligemma", "flamingo", "pali", "fuyu", "hybrid"))
SCENES = 24


@dataclass(frozen=True)
class Benchmark:
    """All that was measured, on how many scenes a model, with what."""

    rows: tuple[Row, ...]
    scenes: int
    seed: int
    version: str = seeread.__version__

    def to_dict(self) -> dict[str, Any]:
        """For JSON; what is no number is None."""
        rows = []
        for row in self.rows:
            told = asdict(row)
            told |= told.pop("measured")
            rows.append({name: None if _is_none(value) else value for name, value in told.items()})
        about = {"seeread": "explanations 1", "version": self.version, "scenes": self.scenes, "seed": self.seed}
        return about | {"tests": dict(TESTS), "rows": rows}


def benchmark(
    models: Sequence[Pretrained] | None = None,
    *,
    methods: Sequence[Method] | None = None,
    scenes: int = SCENES,
    seed: int = 0,
    progress: Progress | None = None,
) -> Benchmark:
    """Measures how far methods tell what a model goes by, on as many drawn scenes a model.

    Without `models` all that are bundled are measured, and then a small model of every design that is taught a shortcut
    now, which takes some minutes in all. Without `methods`, all that fit each model are. The same seed gives the same
    figures.

    Raises UsageError for fewer than 2 scenes, and for a model that cannot be explained.
    """
    if scenes < 2:
        raise UsageError("An interval takes at least 2 scenes. Ask for more of them.")
    seeds = range(seed * scenes, (seed + 1) * scenes)
    subjects: list[Pretrained | str] = [*models] if models is not None else [*BUNDLED, *designs()]
    rows: list[Row] = []
    for subject in progress(subjects) if progress else subjects:
        if isinstance(subject, str) and subject in designs():
            rows += planted(subject, methods, seeds)
        else:
            model = load(subject, precision="fp32") if isinstance(subject, str) else subject
            rows += measure(model, methods, seeds)
    return Benchmark(tuple(rows), scenes, seed)


def _is_none(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
