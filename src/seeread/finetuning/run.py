"""`finetune`: a request in; a better model out, with what it brought and what it cost."""

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from seeread.checkpoints.load import load
from seeread.checkpoints.placement import choose_device
from seeread.checkpoints.save import save
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.read import read_set
from seeread.errors import UsageError
from seeread.finetuning.folder import PLAN, RESULT, folder_for, write_json
from seeread.finetuning.measures.blend import Point, best, blended, curve
from seeread.finetuning.measures.general import agreement, drawn
from seeread.finetuning.measures.glance import glance
from seeread.finetuning.measures.measuring import Measured, Score, benchmarks_for, compared, measure
from seeread.finetuning.page import sections
from seeread.finetuning.planning.plan import Plan
from seeread.finetuning.planning.prepare import Looking, prepare
from seeread.finetuning.request import Request, settled
from seeread.finetuning.result import Blend, Result, forgotten
from seeread.interface import Compares, Generates
from seeread.preprocessing.image import printable
from seeread.pretrained import Pretrained
from seeread.training.follow import MODEL, follow
from seeread.training.ranks.gathering import gather_objects
from seeread.training.ranks.start import start, stop
from seeread.training.ranks.world import World
from seeread.training.streams.units import classes_of
from seeread.training.watching.report import write_report
from seeread.training.watching.samples import Asked, Samples
from seeread.training.watching.usual import usual

MEASURED, BLEND, REPORT = "measured", "blend", "report.html"
GLANCED = {"compare": 200, "write": 16}
"""Held-out pictures that a model is measured on while it learns."""
CHECKED = {"compare": 240, "write": 30}
"""Drawn scenes of the general check."""
SHOWN = 8
"""Pictures of which the report shows what the model says."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Told what goes on: the plan and the seconds that a step takes, before anything starts; what is looked through or
    measured now, for which it may give a progress bar. `quiet` and `json` are about the run itself, see `usual`."""

    planned: Callable[[Plan, float | None], None] = lambda plan, seconds: None
    looking: Looking = lambda what: None
    quiet: bool = True
    json: bool = False


def finetune(request: Request, watch: Watch | None = None, *, dry: bool = False) -> Result | Plan | None:
    """Do what a request asks for: plan, measure, train, measure again, and report. The plan alone if `dry`; None on
    ranks other than the first, which neither measure nor speak.

    A run that was stopped goes on when the same is asked for again. Raises StoppedError if it was asked to stop and has
    saved its state; otherwise SeereadError that says what to do.
    """
    watch, request = watch or Watch(), settled(request)
    world = start(None if request.device == "auto" else choose_device(request.device))
    try:
        if world.first:
            return _first(request, watch, world, dry)
        _other(request, dry)
        return None
    finally:
        stop(world)


def _first(request: Request, watch: Watch, world: World, dry: bool) -> Result | Plan:
    out, kept = folder_for(request)
    named = None if request.check is None else read_set(request.check)
    prepared = prepare(request, out, kept, watch.looking, alone=world.size == 1)
    plan = prepared.plan
    checks = general(plan, named)
    watch.planned(plan, prepared.seconds)
    told = {"request": request.as_json(), **plan.as_json()}
    if not dry and kept is None:
        write_json(out / PLAN, told)
    gather_objects((str(out), told))
    if dry:
        return plan
    began = time.monotonic()
    before = _measured(plan.start, plan, checks, watch)
    follow(plan.recipe, out, measure=_glances(plan), watchers=_watchers(plan, watch))
    result = _result(request, plan, checks, before, watch, began)
    write_json(out / RESULT, result.as_json())
    return result


def _other(request: Request, dry: bool) -> None:
    """Waits for the plan of the first rank, and follows it."""
    out, told = gather_objects(None)[0]
    if not dry:
        plan = prepare(request, Path(out), told, alone=False).plan
        follow(plan.recipe, plan.out)


def general(plan: Plan, named: DataSet | None = None) -> DataSet:
    """What should not be forgotten: the set that was named, or drawn scenes. Raises UsageError for a set that the model
    has no score on: it would be forgotten silently."""
    if named is not None and not benchmarks_for(plan.start, named):
        raise UsageError(
            f"{printable(plan.start.origin.name)} cannot be measured on {printable(named.name)}, which knows "
            f"{', '.join(sorted(named.knows)) or 'nothing'} of its pictures. Name another --check."
        )
    alone = isinstance(plan.start.model, Compares)
    return named or drawn(CHECKED[_kind(plan.start)], alone=alone)


def _measured(
    model: Pretrained, plan: Plan, checks: DataSet, watch: Watch
) -> tuple[list[Measured], Measured]:
    folder, name = plan.out / MEASURED, printable(model.origin.name)
    held = [
        measure(model, one.held_out, folder, watch.looking(f"{name} on {one.held_out.name}"))
        for one in plan.sets
        if len(one.held_out)
    ]
    return held, measure(model, checks, folder, watch.looking(f"{name} on {checks.name}"))


def _scores(before: tuple[list[Measured], Measured], after: tuple[list[Measured], Measured]) -> list[Score]:
    new = [
        score for one, other in zip(before[0], after[0], strict=True) for score in compared("new", one, other)
    ]
    return new + compared("general", before[1], after[1])


def _result(
    request: Request,
    plan: Plan,
    checks: DataSet,
    before: tuple[list[Measured], Measured],
    watch: Watch,
    began: float,
) -> Result:
    path = plan.out / MODEL

    def trained() -> Pretrained:
        return load(path, device=request.device, precision="fp32")

    model = trained()
    scores = _scores(before, _measured(model, plan, checks, watch))
    kept = None
    pictures = [item.source for one in plan.sets for item in one.held_out.items][: GLANCED["compare"]]
    if isinstance(plan.start.model, Compares) and isinstance(model.model, Compares) and pictures:
        kept = agreement(plan.start, model, pictures)
    points: list[Point] = []
    if plan.sets[0].held_out.items and (isinstance(model.model, Compares) or forgotten(scores)):
        points = curve(plan.start, trained, plan.sets[0].held_out, checks)
    blend = None
    if points and forgotten(scores) and 0 < (share := best(points).share) < 1:
        mixed = blended(plan.start, trained(), share)
        folder = plan.out / BLEND
        mixed = replace(
            mixed,
            origin=replace(mixed.origin, name=f"{mixed.origin.name}, {share:.0%} of the way", path=folder),
        )
        save(mixed, folder, overwrite=True)
        blend = Blend(share, folder, tuple(_scores(before, _measured(mixed, plan, checks, watch))))
    result = Result(
        model, path, plan.out / REPORT, tuple(scores), kept, tuple(points), blend,
        time.monotonic() - began, command(plan, path), {},
    )  # fmt: skip
    broken = {where: why for one in plan.sets for where, why in one.survey.broken.items()}
    write_report(plan.out, title=plan.recipe.name, broken=broken, extra=sections(plan, result))
    return result


def command(plan: Plan, model: Path) -> str:
    """What to type to try the model."""
    where = shlex.quote(str(model))
    knows = plan.sets[0].held_out.knows | plan.sets[0].training.knows
    labels = plan.sets[0].survey.data.called
    if plan.recipe.goal == "classify":
        return f"seeread classify PICTURE --model {where}"
    if isinstance(plan.start.model, Compares):
        if "labels" in knows:
            told = ",".join(labels[:5])
            return f"seeread classify PICTURE --labels {shlex.quote(told)} --model {where}"
        return f"seeread search {shlex.quote('what to look for')} FOLDER --model {where}"
    if "questions" in knows:
        return f"seeread ask {shlex.quote('what is this?')} PICTURE --model {where}"
    if "boxes" in knows:
        return f"seeread detect PICTURE --labels {shlex.quote(','.join(labels[:3]))} --model {where}"
    return f"seeread caption PICTURE --model {where}"


def _glances(plan: Plan) -> Callable[[int, nn.Module], Mapping[str, float]]:
    """Measures a model while it learns, on some of what is held out."""

    processor = plan.start.processor
    if plan.recipe.goal == "classify" and not processor.labels:
        processor = replace(
            processor, vocabulary=None, labels=classes_of([one.training for one in plan.sets])
        )

    def look(step: int, module: nn.Module) -> Mapping[str, float]:
        now: Any = module
        model = replace(plan.start, model=now, processor=processor, device=next(module.parameters()).device)
        found = {}
        for one in plan.sets:
            seen = glance(model, one.held_out, GLANCED[_kind(plan.start)]) if len(one.held_out) else None
            if seen is not None:
                prefix = f"{one.held_out.name}: " if len(plan.sets) > 1 else "held out: "
                found[prefix + seen.name] = seen.value
        return found

    return look


def _watchers(plan: Plan, watch: Watch) -> Sequence[Any]:
    """The usual ones, with some held-out pictures that the model is asked about as it learns."""
    return usual(plan.out, quiet=watch.quiet, json=watch.json, samples=_samples(plan))


def _samples(plan: Plan) -> Samples | None:
    held = plan.sets[0].held_out
    asked = []
    for item in held.some(SHOWN, seed=1).items:
        if item.questions and isinstance(plan.start.model, Generates):
            asked.append(Asked(item.source, item.questions[0].answers[0], item.questions[0].text))
        elif item.label is not None or item.captions:
            asked.append(Asked(item.source, item.label if item.label is not None else item.captions[0]))
    candidates = (
        held.called if "labels" in held.knows else [item.captions[0] for item in held.items if item.captions]
    )
    compares = isinstance(plan.start.model, Compares)
    if not asked or (compares and not candidates) or plan.recipe.goal == "classify":
        return None
    return Samples(plan.out, plan.start, asked, candidates if compares else ())


def _kind(model: Pretrained) -> str:
    return "compare" if isinstance(model.model, Compares) else "write"
