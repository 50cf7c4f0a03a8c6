"""The journal of a run: a line of JSON for each step, and beside it when the run was begun, gone on with and ended."""

import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from torch import nn

from seeread.errors import SeereadError
from seeread.training.watching.history import begin_sitting, end_sitting
from seeread.training.watching.ledger import Ledger, read_ledger
from seeread.training.watching.watcher import Beginning, Moment

NAME = "log.jsonl"
_USUAL: dict[str, Any] = {
    field.name: field.default if field.default is not MISSING else {}
    for field in fields(Moment)
    if field.default is not MISSING or field.default_factory is not MISSING
}
"""What need not be said of a moment."""
_ROUGH = ("seconds", "waited", "images_per_second", "utilisation")
"""Measured by a clock: six digits are more than they are good for."""


class Journal:
    """Writes `log.jsonl` in the folder of a run, every so many steps and wherever there is more to say than figures.

    A run that goes on takes the lines of steps that it makes again away. `facts` are what the report says of the run
    besides its settings, such as what it learns from. A journal that cannot be written ends the run, with an error that
    says so: what nobody can look back at should not go on for a week.
    """

    def __init__(self, out: Path, every: int = 1, facts: Mapping[str, str] | None = None):
        self.out, self.every, self.facts = out, every, dict(facts or {})
        self.ledger = Ledger(out / NAME)
        self._step = 0

    def began(self, beginning: Beginning) -> None:
        """Goes on with what is there, up to the step that the run goes on from."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.ledger.open(beginning.step)
        self._step = beginning.step
        begin_sitting(self.out, beginning, self.facts)

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        """Writes the step down."""
        self._step = moment.step
        if moment.step % self.every == 0 or moment.skipped or moment.figures or moment.trouble:
            self.ledger.add(_line(moment))

    def ended(self, reason: str | None) -> None:
        """Writes down that the run is over, and why."""
        self.ledger.close()
        try:
            end_sitting(self.out, self._step, reason)
        except SeereadError as error:  # the run is over: what it did is not to be lost for this
            warnings.warn(str(error), stacklevel=2)


def read_journal(out: Path) -> list[Moment]:
    """All steps of the run in a folder, or in a file, from the first to the last; a last line that was torn when the
    run was killed is passed over. What was no number is NaN.

    Raises DataError where there is no journal, or a line in its middle is damaged.
    """
    return list(each_moment(out))


def each_moment(out: Path) -> Iterator[Moment]:
    """The same, one after the other: of a run of a million steps."""
    names = [field.name for field in fields(Moment)]
    for line in read_ledger(out / NAME if out.is_dir() else out):
        told = {name: line[name] for name in names if line.get(name) is not None}
        missing = {name: math.nan for name in names if name not in told and name not in _USUAL}
        figures = {
            name: math.nan if value is None else value for name, value in told.get("figures", {}).items()
        }
        yield Moment(**told | missing | {"figures": figures})


def _line(moment: Moment) -> dict[str, Any]:
    """What there is to say. Nothing is said of what is as always."""
    line = {
        name: value for name, value in vars(moment).items() if name not in _USUAL or value != _USUAL[name]
    }
    return line | {name: float(f"{line[name]:.6g}") for name in _ROUGH if name in line}
