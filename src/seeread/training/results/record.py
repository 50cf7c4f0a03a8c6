"""What a model was trained on, as its folder says it: training.json for programs, README.md for people."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from typing import Any

import seeread
from seeread.data.sets.dataset import DataSet
from seeread.preprocessing.image import printable
from seeread.training.recipe import Recipe
from seeread.training.settings import Settings
from seeread.training.streams.shards import Shards

Record = dict[str, Any]

MODES = {
    "full": "all weights learned",
    "connector": "what joins sight to language learned, and nothing else",
    "lora": "small additions to the matrices learned (LoRA), and were merged into the weights",
    "probe": "a linear layer on what the tower sees learned, and nothing else",
    "lit": "all learned but what makes the vectors of pictures",
}


def terms(recipe: Recipe, sets: Sequence[DataSet | Shards], start: str) -> Record:
    """What makes a run the same run, but for its settings. `start` names the model that it began with. The digest of
    a set is that of the ids of its pictures and of all that is known of them, and not of pixels; of shards, which
    nobody has looked through, that of their names and sizes."""
    data = [
        {
            "name": one.name,
            "pictures": len(one) if isinstance(one, DataSet) else None,
            "digest": _digest(one),
            "weight": portion.weight,
            "task": portion.task,
            **({"exercise": type(portion.exercise).__name__} if portion.exercise else {}),
        }
        for portion, one in zip(recipe.data, sets, strict=True)
    ]
    told = {"recipe": recipe.name, "start": start, "data": data, "goal": recipe.goal, "mode": recipe.mode}
    return told | ({"rank": recipe.rank, "alpha": recipe.alpha} if recipe.mode == "lora" else {})


def _digest(data: DataSet | Shards) -> str:
    if isinstance(data, DataSet):
        return data.digest(item.id for item in data.items)
    return hashlib.sha256(
        json.dumps([(path.name, path.stat().st_size) for path in data.paths]).encode()
    ).hexdigest()


def record(
    told: Record,
    settings: Settings,
    learning: int,
    parameters: int,
    seconds: float,
    earlier: Mapping[str, Any] | None,
) -> Record:
    """The whole of it: `terms`, how many parameters learned, how and how long; `earlier` is the same of the start."""
    start = {"name": told["start"], **({"training": dict(earlier)} if earlier else {})}
    return {
        "seeread": seeread.__version__, **told, "start": start, "steps": settings.steps, "seconds": round(seconds, 1),
        "learning": learning, "parameters": parameters, "settings": asdict(settings),
    }  # fmt: skip


def card(said: Mapping[str, Any], description: str) -> str:
    """The same in Markdown. `description` is what the model is."""
    usual = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}
    settings = {name: value for name, value in said["settings"].items() if name not in ("frozen", "steps")}
    unusual = {name: value for name, value in settings.items() if name not in usual or usual[name] != value}
    rows = {
        "started from": f"`{printable(str(said['start']['name']))}`",
        "learned from": "; ".join(_set(one) for one in said["data"]),
        "to": said["goal"],
        "mode": f"{said['mode']}: {MODES[said['mode']]}",
        "parameters": f"{said['parameters']:,}, of which {said['learning']:,} learned",
        "steps": f"{said['steps']:,}, {_lasted(said['seconds'])}",
        "settings": ", ".join(f"{name} {value}" for name, value in unusual.items()),
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"""\
# {printable(str(said["recipe"]))}

{description}, trained with seeread {said["seeread"]}.

| | |
|---|---|
{table}

`seeread.load` takes this folder; `training.json` says the same to programs. Nothing here tells how good the model is:
measure it (`seeread evaluate`) on what you need it for. The terms of the model that it started from, and those of its
data, apply to it.
"""


def _set(one: Mapping[str, Any]) -> str:
    task = f", for {one['task']}" if one["task"] else ""
    count = "shards" if one["pictures"] is None else f"{one['pictures']:,} pictures"
    return f"{printable(str(one['name']))} ({count}{task})"


def _lasted(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
