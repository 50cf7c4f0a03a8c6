"""What is going to happen, before anything does: from which pictures which weights learn what, and how it is told."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.data.sets.read import describe
from seeread.errors import UsageError
from seeread.finetuning.planning.survey import Survey
from seeread.interface import Compares
from seeread.preprocessing.image import printable
from seeread.pretrained import Pretrained
from seeread.training.recipe import Mode, Recipe
from seeread.training.streams.shards import Shards


@dataclass(frozen=True)
class Divided:
    """A set, and its parts: what is learned from and what is held out, which share no picture and no near copy. Of many
    large shards all but the last are `streamed`: that one alone was looked through, and is held out of."""

    survey: Survey
    training: DataSet
    held_out: DataSet
    streamed: Shards | None = None

    @property
    def count(self) -> int:
        """How many pictures are learned from; of shards as many as there are if all are like the last."""
        return (
            len(self.training) if self.streamed is None else len(self.survey.data) * len(self.streamed.paths)
        )

    @property
    def examples(self) -> int:
        """What they teach a model that writes: each caption, question and set of boxes is something to learn."""
        items = self.training.items
        told = sum(max(1, len(item.captions) + len(item.questions) + bool(item.things)) for item in items)
        return round(self.count * told / max(1, len(items)))


@dataclass(frozen=True)
class Plan:
    """`start` is the model that is begun with, on its device; `recipe` is what is followed, its sets already without
    what is held out. `learning` of the `parameters` are trained. `notes` are worth knowing before."""

    start: Pretrained
    recipe: Recipe
    sets: tuple[Divided, ...]
    out: Path
    learning: int
    parameters: int
    notes: tuple[str, ...] = ()

    @property
    def pictures(self) -> int:
        """How many are learned from."""
        return sum(divided.count for divided in self.sets)

    def as_json(self) -> dict[str, Any]:
        """What is kept of it, so that the same goes on after a stop, and not what would be decided then."""
        return {
            "start": self.start.origin.name,
            "goal": self.recipe.goal,
            "mode": self.recipe.mode,
            "rank": self.recipe.rank,
            "settings": asdict(self.recipe.settings),
            "parameters": self.parameters,
            "learning": self.learning,
            "sets": [_told(divided) for divided in self.sets],
            "notes": list(self.notes),
        }


DOES = {
    "contrast": "to tell which text belongs to which picture",
    "write": "to write what people wrote of such pictures",
    "contrast and write": "to tell which text belongs to which picture, and to write it",
    "classify": "to tell its classes apart, by a layer of its own",
}
MODES: dict[Mode, str] = {
    "full": "all weights",
    "connector": "what joins sight to language",
    "lora": "small additions to the matrices (LoRA)",
    "probe": "one layer on what the model sees",
    "lit": "all but what sees",
}


def tell(plan: Plan, seconds: float | None = None) -> list[tuple[str, str]]:
    """The plan as (what, words) for people; `seconds` is what a step takes."""
    settings, start = plan.recipe.settings, plan.start
    lines = [
        ("data", f"{printable(one.survey.data.name)}: {'; '.join(describe(one.survey.data))}")
        for one in plan.sets
    ]
    lines += [("note", note) for note in plan.notes]
    held = sum(len(one.held_out) for one in plan.sets)
    lines.append(
        (
            "held out",
            f"{_many(held, 'picture')} to measure on, before and after; learned from: {plan.pictures:,}",
        )
    )
    lines.append(
        (
            "model",
            f"{printable(start.origin.name)} on {start.device}, {_millions(plan.parameters)} parameters",
        )
    )
    named = (
        f"{plan.learning / plan.parameters:.0%} of them" if plan.learning < plan.parameters else "all of them"
    )
    if plan.recipe.mode != "full":
        named = f"{MODES[plan.recipe.mode]}, {_millions(plan.learning)}"
    lines.append(("learns", f"{DOES[plan.recipe.goal]}; {named}"))
    rounds = settings.steps * settings.batch / max(_examples(plan), 1)
    about = f"{settings.steps:,} steps of {settings.batch}, {rounds:.1f} times through all, rate {settings.rate:g}"
    lines.append(("goes", about + ("" if seconds is None else f": {lasting(seconds * settings.steps)}")))
    lines.append(("results", printable(str(plan.out))))
    return lines


def lasting(seconds: float) -> str:
    """ "about 3 minutes"."""
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} minutes"
    if seconds < 36 * 3600:
        return f"about {seconds / 3600:.1f} hours"
    return f"about {seconds / 86400:.1f} days"


def divided_as(data: DataSet, kept: Mapping[str, Any]) -> Divided:
    """A set, with the parts that an earlier start of the same run made of it. Raises UsageError where the pictures are
    others now."""
    broken, out = kept["broken"], set(kept["held_out"])
    items = [item for item in data.items if item.id not in broken]
    training = tuple(item for item in items if item.id not in out)
    held = tuple(item for item in items if item.id in out)
    if len(held) != len(out) or _digest(training) != kept["training"]:
        raise UsageError(
            f"{printable(data.name)} holds other pictures than when this run began. Put them back to go on, or "
            "begin a new run: --out runs/NAME."
        )
    copies = tuple((one, other) for one, other in kept["copies"])
    looked = Survey(replace(data, items=tuple(items)), int(kept["opened"]), broken, copies)
    return Divided(looked, replace(data, items=training), held_of(data, held))


def held_of(data: DataSet, items: Sequence[Item]) -> DataSet:
    """What is held out of a set, under a name of its own."""
    return replace(data, items=tuple(items), name=f"{data.name}, held out")


def _told(divided: Divided) -> dict[str, Any]:
    return {
        "name": divided.survey.data.name,
        "path": str(divided.survey.data.path),
        "layout": divided.survey.data.layout,
        "pictures": len(divided.survey.data),
        "knows": sorted(divided.survey.data.knows),
        "classes": len(divided.survey.data.labels),
        "opened": divided.survey.opened,
        "broken": dict(divided.survey.broken),
        "copies": [list(pair) for pair in divided.survey.copies],
        "learned_from": divided.count,
        "training": _digest(divided.training.items),
        "held_out": [item.id for item in divided.held_out.items],
    }


def _digest(items: Sequence[Item]) -> str:
    return hashlib.sha256("\n".join(item.id for item in items).encode("utf-8", "surrogateescape")).hexdigest()


def _examples(plan: Plan) -> int:
    if isinstance(plan.start.model, Compares) or plan.recipe.goal == "classify":
        return plan.pictures
    return sum(one.examples for one in plan.sets)


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} million" if count >= 100_000 else f"{count:,}"


def _many(count: int, one: str, more: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"
