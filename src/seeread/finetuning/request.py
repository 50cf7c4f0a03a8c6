"""What somebody asked to be trained, as it was said: with what is left open left open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seeread.errors import UsageError
from seeread.preprocessing.image import printable
from seeread.training.changes import read
from seeread.training.recipe import Mode

SCRATCH = "scratch"
"""Instead of a model's name: weights drawn anew."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """`path` is a set of pictures or a recipe file. `start` is a model's name, or `SCRATCH`. `changes` are settings by
    their names, as they were written. `full`: a recipe's full size. `check` is a set on which nothing is to be lost."""

    path: Path
    start: str | None = None
    steps: int | None = None
    out: Path | None = None
    mode: Mode | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    device: str = "auto"
    full: bool = False
    check: Path | None = None

    @property
    def of_recipe(self) -> bool:
        """Whether a recipe is to be followed."""
        return self.path.suffix == ".py"

    def as_json(self) -> dict[str, Any]:
        """All that decides what comes of it: the same request is the same run. Where it computes is not of it."""
        return {
            "path": str(self.path.absolute()),
            "start": self.start,
            "steps": self.steps,
            "mode": self.mode,
            "changes": dict(self.changes),
            "full": self.full,
            "check": None if self.check is None else str(self.check.absolute()),
        }


def settled(request: Request) -> Request:
    """The same, with what `changes` say of steps, mode and start where the rest is decided by them. Raises UsageError
    where something is said twice, or of a recipe although there is none."""
    if request.full and not request.of_recipe:
        raise UsageError(f"--full is the full size of a recipe, and {printable(str(request.path))} is none.")
    changes, own = dict(request.changes), {"steps": "--steps", "mode": "--mode", "start": "--from"}
    for name in own.keys() & changes.keys():
        if getattr(request, name) is not None:
            raise UsageError(
                f"{own[name]} and --set {name}={printable(changes[name])} say the same. Leave one out."
            )
    found: dict[str, Any] = {name: read(name, changes.pop(name)) for name in own.keys() & changes.keys()}
    return replace(request, changes=changes, **found)
