"""What a run tells those who watch it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import nn

from seeread.training.settings import Settings

Measure = Callable[[int, nn.Module], Mapping[str, float]]
"""Measures a model, the averaged one if there is an average, after as many steps: figures by their names."""


@dataclass(frozen=True)
class Beginning:
    """A run that begins, or goes on after `step` steps, in the folder `out`. `parameters` are all, `learning` those
    that are trained."""

    out: Path
    settings: Settings
    step: int
    parameters: int
    learning: int
    ranks: int = 1


@dataclass(frozen=True)
class Moment:
    """A step that was made: the first is 1. `loss` is the mean over all ranks; `waited` is the share of `seconds` that
    was spent waiting for data; `images_per_second` counts all ranks; `utilisation` is the share of the device's peak
    arithmetic, where both are known; `gradient` is the norm before it was limited. `figures` are those of `Measure`,
    where it was asked. `skipped` says that a loss or gradient was no number, and no weight was moved. `broken` is how
    many examples were passed over so far, as they could not be read, and `trouble` says why, by id, of those that are
    new."""

    step: int
    loss: float
    rate: float
    seconds: float
    waited: float
    images_per_second: float
    gradient: float
    scale: float | None = None
    utilisation: float | None = None
    skipped: bool = False
    broken: int = 0
    trouble: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)


class Watcher(Protocol):
    """Is told what happens, on the first rank alone. Whatever it does must not change the run.

    Whatever keeps figures of runs takes them in with a few lines, such as MLflow:

        class Tracker:
            def began(self, beginning: Beginning) -> None:
                mlflow.start_run(run_name=beginning.out.name)
                mlflow.log_params(asdict(beginning.settings))

            def stepped(self, moment: Moment, model: nn.Module) -> None:
                mlflow.log_metrics({"loss": moment.loss, "rate": moment.rate, **moment.figures}, step=moment.step)

            def ended(self, reason: str | None) -> None:
                mlflow.end_run("FINISHED" if reason is None else "KILLED")

    In `watching.guarded.Guarded` it cannot end the run, whatever happens to it.
    """

    def began(self, beginning: Beginning) -> None:
        """Before the first step, also of a run that goes on."""
        ...

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """After each step. The model is for looking: the averaged one, if there is an average."""
        ...

    def ended(self, reason: str | None) -> None:
        """After the last step, or when the run stops before it, and why."""
        ...
