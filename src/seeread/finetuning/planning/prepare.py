"""From a request to a plan: the set is read and looked through, the model loaded, and what was left open decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from seeread.checkpoints.load import load
from seeread.checkpoints.placement import choose_device, choose_precision
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.read import read_training
from seeread.errors import UsageError
from seeread.finetuning.planning.choices import (
    HELD_OUT,
    goal_for,
    held_out_most,
    mode_for,
    model_for,
    settings_for,
)
from seeread.finetuning.planning.fitness import check_fit, check_set, worth_knowing
from seeread.finetuning.planning.plan import Divided, Plan, divided_as, held_of
from seeread.finetuning.planning.survey import Survey, survey
from seeread.finetuning.planning.trial import Tried, attempt
from seeread.finetuning.request import SCRATCH, Request
from seeread.nn.initialise import initialise
from seeread.preprocessing.image import printable
from seeread.pretrained import Pretrained, Progress
from seeread.remote.connect import is_remote
from seeread.training.changes import changed
from seeread.training.follow import begin
from seeread.training.recipe import Portion, Recipe
from seeread.training.recipe_file import load_recipe
from seeread.training.settings import Settings
from seeread.training.streams.build import opened
from seeread.training.streams.hold_out import hold_out
from seeread.training.streams.shards import Shards

Looking = Callable[[str], Progress | None]
"""Shows how far pictures are looked through, given what for."""

SMALL = 5000
"""Pictures; from fewer nothing that is begun from scratch learns much."""


@dataclass(frozen=True)
class Prepared:
    """A plan, and what a step of it takes in seconds, None where that was not tried."""

    plan: Plan
    seconds: float | None


def prepare(
    request: Request,
    out: Path,
    kept: Mapping[str, Any] | None = None,
    looking: Looking = lambda what: None,
    *,
    alone: bool = True,
) -> Prepared:
    """What will be done for a request in the folder `out`. `kept` is the plan of a start of the same run before: then
    nothing is looked through and decided again. `alone`: there are no other ranks, and a few steps may be tried.

    Raises DataError and UsageError that say what to do, for a set that teaches nothing and a model that does not fit.
    """
    wanted = _of_recipe(request) if request.of_recipe else None
    portions = wanted.data if wanted else (Portion(data=str(request.path)),)
    found = [opened(portion) for portion in portions]
    data = [_shown(one) if isinstance(one, Shards) else one for one in found]
    _check_place(out, data)
    earlier = (
        None
        if kept is None
        else [divided_as(one, told) for one, told in zip(data, kept["sets"], strict=True)]
    )
    surveys = [one.survey for one in earlier or ()] or [
        survey(one, looking(f"reading {one.name}")) for one in data
    ]
    if wanted is None:
        check_set(surveys[0])
    start = begin(wanted, request.device) if wanted else started(request, surveys[0].data)
    if wanted is None:
        check_fit(start, surveys[0].data, request.mode)
    parts = earlier or [_divided(one, start) for one in surveys]
    sets = tuple(replace(one, streamed=_rest(whole)) for one, whole in zip(parts, found, strict=True))
    recipe = replace(wanted, data=_without(portions, sets)) if wanted else _decided(request, start, sets)
    if kept is not None:
        recipe = replace(recipe, settings=_settings(kept["settings"]))
        counts = int(kept["learning"]), int(kept["parameters"])
        return Prepared(Plan(start, recipe, sets, out, *counts, tuple(kept["notes"])), None)
    _check_batch(recipe, sets)
    notes = [note for one in surveys for note in worth_knowing(start, one)]
    count = sum(one.count for one in sets)
    if request.start == SCRATCH and count < SMALL:
        notes.append(
            f"{count:,} pictures teach little from scratch: without it they add to what a model knows already"
        )
    size = sum(parameter.numel() for parameter in start.module.parameters())
    tried, shown = Tried(None, size, size), looking("trying a few steps")
    if alone:
        (tried,) = (attempt(one) for one in (shown([recipe]) if shown else [recipe]))
    return Prepared(
        Plan(start, recipe, sets, out, tried.learning, tried.parameters, tuple(notes)), tried.seconds
    )


def started(request: Request, data: DataSet) -> Pretrained:
    """The model that a request begins with, in float32, on its device."""
    scratch = request.start == SCRATCH
    name = model_for(data) if request.start is None or scratch else request.start
    if is_remote(name):
        raise UsageError(
            f"{printable(name)} runs on a server, and cannot be trained from here. Name another --from."
        )
    return fresh(name, request.device, 0) if scratch else load(name, device=request.device, precision="fp32")


def fresh(name: str, device: str, seed: int) -> Pretrained:
    """A model of the same make, with weights drawn by `seed`: it has the other one's tokenizer, and nothing it knew."""
    model = load(name, device=device, precision="fp32")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        initialise(model.module)
    return replace(model, origin=replace(model.origin, name=f"{name} from scratch", path=Path(SCRATCH)))


def _of_recipe(request: Request) -> Recipe:
    """The recipe of a file, with what was asked to be otherwise."""
    recipe = load_recipe(request.path, full=request.full)
    changes = dict(request.changes) | ({} if request.steps is None else {"steps": str(request.steps)})
    recipe = changed(recipe, changes) if changes else recipe
    if request.mode is not None:
        recipe = replace(recipe, mode=request.mode)
    if request.start == SCRATCH:
        raise UsageError("A recipe says itself what it begins with. Name a model, or leave --from out.")
    return recipe if request.start is None else replace(recipe, start=request.start)


def _decided(request: Request, start: Pretrained, sets: tuple[Divided, ...]) -> Recipe:
    """A recipe for a set of which nothing was said but where it lies."""
    data, device = sets[0].survey.data, choose_device(request.device)
    mode = request.mode or mode_for(start, on_gpu=device.type != "cpu")
    precision = "bf16" if choose_precision("auto", device) is torch.bfloat16 else "fp32"
    scratch = request.start == SCRATCH
    settings = settings_for(start, sets[0], mode, scratch=scratch, precision=precision, steps=request.steps)
    recipe = Recipe(
        name=f"{start.origin.name.rpartition('/')[2] or start.origin.name} trained on {data.name}",
        start=partial(started, request, data),
        data=_without((Portion(data=str(request.path)),), sets),
        goal=goal_for(start, data, mode),
        settings=settings,
        mode=mode,
    )
    return changed(recipe, request.changes) if request.changes else recipe


def _without(portions: Sequence[Portion], sets: Sequence[Divided]) -> tuple[Portion, ...]:
    """The portions without what is held out."""
    found = []
    for portion, one in zip(portions, sets, strict=True):
        streamed = one.streamed
        found.append(replace(portion, data=one.training if streamed is None else partial(_given, streamed)))
    return tuple(found)


def _given(streamed: Shards) -> Any:
    """As a function that makes a set."""
    return streamed


def _shown(shards: Shards) -> DataSet:
    """The last of many shards, which is looked through in place of all, and held out of."""
    last = read_training(shards.paths[-1])
    return replace(last, name=shards.name, labels=shards.labels or last.labels)


def _rest(whole: DataSet | Shards) -> Shards | None:
    """All shards but that one."""
    return replace(whole, paths=whole.paths[:-1]) if isinstance(whole, Shards) else None


def _divided(looked: Survey, start: Pretrained) -> Divided:
    training, held = hold_out(looked.data, HELD_OUT, seed=0, most=held_out_most(start), known=looked.prints)
    return Divided(looked, training, held_of(looked.data, held.items))


def _settings(kept: Mapping[str, Any]) -> Settings:
    """As JSON holds them: pairs are lists there."""
    values: dict[str, Any] = {}
    for name, value in kept.items():
        values[name] = tuple(value) if isinstance(value, list) else value
    return Settings(**values)


def _check_place(out: Path, sets: list[DataSet]) -> None:
    """Raises UsageError for a run among the pictures, which would be taken for some of them the next time."""
    here = out.absolute().resolve()
    for data in sets:
        if data.path.is_dir() and here.is_relative_to(data.path.resolve()):
            raise UsageError(
                f"The results would lie in {printable(str(data.path))}, among the pictures. Name a folder elsewhere: "
                f"--out {printable(str(Path('..', 'runs', out.name)))}."
            )


def _check_batch(recipe: Recipe, sets: Sequence[Divided]) -> None:
    """Raises UsageError for a batch that would hold the same pictures several times: what tells them apart would be
    told that one is not itself."""
    batch, there = recipe.settings.batch, sum(one.count for one in sets)
    if batch > there and recipe.goal != "write":
        raise UsageError(
            f"A batch of {batch:,} would hold some of the {there:,} pictures several times. Take at most as many: "
            f"--set batch={there}."
        )
