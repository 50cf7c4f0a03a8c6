"""Following a recipe: from a start and data to a model on disk that says what it was trained on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from seeread.checkpoints.files import write_json
from seeread.checkpoints.load import load
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.read import read_training
from seeread.errors import UsageError
from seeread.models.families import config_of
from seeread.preprocessing.image import printable
from seeread.pretrained import Origin, Pretrained
from seeread.training.engine.trainer import train
from seeread.training.keeping.checkpoint import checkpoints
from seeread.training.modes.kept import kept
from seeread.training.modes.lora import add
from seeread.training.modes.probe import with_classes
from seeread.training.objectives.choose import objective_for
from seeread.training.ranks.gathering import barrier
from seeread.training.ranks.start import start as join
from seeread.training.ranks.start import stop
from seeread.training.ranks.world import World
from seeread.training.recipe import Portion, Recipe
from seeread.training.results.record import record, terms
from seeread.training.results.result import MODEL as MODEL
from seeread.training.results.result import kept_as, write_result
from seeread.training.streams import build
from seeread.training.streams.shards import Shards
from seeread.training.streams.units import classes_of
from seeread.training.watching.watcher import Beginning, Measure, Moment, Watcher

TERMS = "recipe.json"
"""What a run is of, in its folder."""


def follow(
    recipe: Recipe,
    out: Path,
    *,
    measure: Measure | None = None,
    watchers: Sequence[Watcher] = (),
    resume: bool = True,
) -> Pretrained:
    """Train what the recipe says, in the folder `out`, and save it as `out/model`, which `load` reads, with what it was
    trained on; in mode "lora" also what was added, as `out/adapter`. Gives the trained model, on every rank.

    A run of the same recipe that stopped there goes on where it stood, with `resume`. Raises UsageError where another
    run lies, and where a recipe makes no sense of its model or data; StoppedError if it was asked to stop; and what
    `train` and `build_stream` raise.
    """
    joined = dist.is_available() and dist.is_initialized()
    world = join()
    try:
        return _followed(recipe, Path(out), measure, watchers, resume, world)
    finally:
        if not joined:
            stop(world)


def _followed(
    recipe: Recipe,
    out: Path,
    measure: Measure | None,
    watchers: Sequence[Watcher],
    resume: bool,
    world: World,
) -> Pretrained:
    sets = build.all_opened(recipe.data)
    recipe = replace(recipe, data=tuple(map(_with, recipe.data, sets)))
    base = begin(recipe, world.device)
    world = replace(world, device=base.device)
    stored = kept_as(base, recipe.stored)
    told = terms(recipe, sets, base.origin.name)
    spent = _before(out, told, resume)
    torch.manual_seed(recipe.settings.seed)
    learns = student(base, recipe, sets)
    settings = replace(recipe.settings, frozen=kept(learns.module, recipe.mode, recipe.settings.frozen))
    _require_family(learns)
    objective = objective_for(learns.module, recipe.goal)
    stream = build.build_stream(learns, recipe.data, recipe.goal, settings, world)
    clock = _Clock(out / TERMS, told, spent)
    try:
        trained = train(
            learns.module, objective, stream, settings, out,
            measure=measure, watchers=[clock, *watchers], world=world,
        )  # fmt: skip
    finally:
        stream.close()
    earlier = stored.training
    said = record(told, recipe.settings, clock.learning, clock.parameters, clock.seconds, earlier)
    result = write_result(
        replace(learns, model=trained, origin=Origin(recipe.name, out / MODEL, "native")),  # type: ignore[arg-type]
        stored, said, out if world.first else None,
    )  # fmt: skip
    barrier()
    return result


def begin(recipe: Recipe, device: torch.device | str = "auto") -> Pretrained:
    """What the recipe starts from, in float32 whatever it is stored in. What a function makes stays on its device,
    unless there are several ranks. Raises UsageError for a folder that is not there yet."""
    if not isinstance(recipe.start, str):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.settings.seed)  # the same weights, whoever asks and whenever
            made = recipe.start()
        several = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        place = torch.device(device) if several and device != "auto" else made.device
        made.module.to(place, torch.float32)
        return replace(made, device=place, precision=torch.float32)
    path = Path(recipe.start).expanduser()
    if (path.is_absolute() or recipe.start.startswith(".") or len(path.parts) > 2) and not path.exists():
        raise UsageError(
            f"{recipe.name} starts from {printable(recipe.start)}, and that folder is not there. If it is what another "
            "recipe leaves behind, follow that one first; or start from another model: --from MODEL."
        )
    return load(recipe.start, device=device, precision="fp32")


def opened(portion: Portion) -> DataSet:
    """The whole set of a portion, read or made, also where it is so large that a run would take it shard by shard."""
    if isinstance(portion.data, DataSet):
        return portion.data
    return read_training(Path(portion.data)) if isinstance(portion.data, str) else portion.data()


def _with(portion: Portion, data: DataSet | Shards) -> Portion:
    """A portion whose set need not be read again."""
    return replace(portion, data=data) if isinstance(data, DataSet) else portion


def student(base: Pretrained, recipe: Recipe, sets: Sequence[DataSet | Shards]) -> Pretrained:
    """What learns: the start itself, with LoRA's additions, or a probe of its tower. Raises UsageError where a mode and
    a goal do not go together."""
    if recipe.mode == "probe" and recipe.goal != "classify":
        raise UsageError(
            f'{recipe.name}: mode probe is for the goal "classify", and its goal is "{recipe.goal}".'
        )
    if recipe.goal == "classify":
        whole = [one for one in sets if isinstance(one, DataSet)]
        pictures = [item for one in whole for item in one.some(1024 // len(whole)).items]
        base = with_classes(base, classes_of(sets), pictures)
    if recipe.mode == "lora":
        add(base.module, recipe.rank, recipe.alpha)
    return base


def _require_family(learns: Pretrained) -> None:
    """What cannot be saved is not trained."""
    if config_of(learns.module) is None:
        raise UsageError(
            f"A {type(learns.module).__name__} is of no family that has a format, and could not be saved. "
            "Train it with seeread.training.engine.trainer.train."
        )


def _before(out: Path, told: Mapping[str, Any], resume: bool) -> float:
    """The seconds that the run took before. Raises UsageError if what lies in the folder is not to be gone on with, or
    is a run of something else."""
    if not checkpoints(out):
        return 0.0
    shown = printable(str(out))
    if not resume:
        raise UsageError(f"{shown}: there is a run already. Go on with it, or train in another folder.")
    try:
        begun = json.loads((out / TERMS).read_text("utf-8"))
    except (OSError, ValueError):
        return 0.0  # begun by hand: the trainer looks at its settings, and the stream at its data
    spent = begun.pop("seconds", 0.0)
    if differing := [name for name in sorted({*begun, *told}) if begun.get(name) != _as_json(told.get(name))]:
        changes = ", ".join(differing)
        raise UsageError(
            f"{shown}: the run in it was begun otherwise ({changes}). Give it what it began with, or train in another "
            f"folder; {TERMS} there says what it was."
        )
    return float(spent)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@dataclass
class _Clock:
    """Counts the seconds of all sittings that came to an end, and notes what the run is of."""

    path: Path
    told: Mapping[str, Any]
    seconds: float
    learning: int = 0
    parameters: int = 0

    def began(self, beginning: Beginning) -> None:
        self.learning, self.parameters = beginning.learning, beginning.parameters
        self._write()

    def stepped(self, moment: Moment, model: nn.Module) -> None:
        self.seconds += moment.seconds

    def ended(self, reason: str | None) -> None:
        self._write()

    def _write(self) -> None:
        write_json(self.path, {**self.told, "seconds": round(self.seconds, 1)})
