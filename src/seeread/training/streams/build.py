"""From a model, data and a goal to the stream of batches that the model learns from."""

import os
from collections.abc import Sequence
from functools import partial
from math import isfinite
from pathlib import Path

from torch import Tensor

from seeread.data.sampling import Mixed
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.read import read_training
from seeread.errors import DataError, UsageError
from seeread.pretrained import Pretrained
from seeread.training.ranks.world import World
from seeread.training.recipe import Goal, Portion
from seeread.training.settings import Settings
from seeread.training.streams.ahead import Workers
from seeread.training.streams.dealing import Dealt, Maker, Order
from seeread.training.streams.decks import SetDeck
from seeread.training.streams.pictures import Pictures, Variation, room_of
from seeread.training.streams.share import Share
from seeread.training.streams.teaching import Teaching
from seeread.training.streams.trouble import Trouble
from seeread.training.streams.units import Units, classes_of, units_of

MOST_WORKERS = 8


def build_stream(
    model: Pretrained,
    portions: Sequence[Portion],
    goal: Goal,
    settings: Settings,
    world: World = World(),  # noqa: B008  # a value that nothing can change
    *,
    workers: int | None = None,
) -> Dealt:
    """The batches of a run, without end, prepared by the model's own processor.

    "contrast": (images, tokens (pairs, tokens)); an item gives one of its captions, or its class in a sentence, drawn
    anew each time. "write": a `Batch`; each caption, question, name and set of boxes is an example. "contrast and
    write": (`Batch`, tokens). "classify": (images, class numbers (images,)), as `classes_of` numbers them.

    An example is a function of the seed and its number in the run alone: `settings.batch` of them are a step, whatever
    the number of ranks and of parts, and workers, threads that prepare batches ahead, change nothing (0: none; usually
    as many as there are cores for the rank). Where a text or class still fits what is left of it ("contrast",
    "classify"), a picture is varied, as `settings.crop` says. For "contrast" pictures of one class are kept out of each
    other's steps, where there are as many classes as that takes: they would be called wrong for each other's texts.

    What is broken is replaced by what comes next, and listed. Raises DataError where more than `settings.broken_limit`
    is, and where there is nothing to learn; UsageError where the batch cannot be divided.
    """
    share = Share.of(settings, world)
    sets = [opened(portion) for portion in portions]
    if not sets:
        raise UsageError("There is no data to learn from. Give at least one set.")
    processor = model.processor
    varied = Variation(settings.crop) if goal in ("contrast", "classify") and settings.crop < 1 else None
    pictures = Pictures(processor.image_transform, varied, room_of(world.size))
    numbers = (
        {label: number for number, label in enumerate(classes_of(sets, processor.labels))}
        if goal == "classify"
        else {}
    )
    found, teachings = [], []
    told: dict[str, str] = {}
    for portion, data in zip(portions, sets, strict=True):
        units = units_of(data.items, goal, portion.task, processor.style)
        if not len(units):
            raise DataError(f"{data.name} teaches nothing of what is to be learned ({goal}). {_HELP[goal]}")
        told |= data.broken
        found.append(units)
        names = dict(zip(data.labels, data.called, strict=True))
        things = sorted({thing.label for item in data.items for thing in item.things or ()})
        teachings.append(Teaching(goal, processor, pictures, names, numbers, tuple(things)))
    mixed = Mixed(_weights(portions, found), settings.seed)
    decks = []
    for place, (data, units) in enumerate(zip(sets, found, strict=True)):
        kinds = [units.items[unit].label for unit in units.places] if goal == "contrast" else []
        steps = partial(_steps, mixed, place, settings.batch) if any(kinds) else None
        decks.append(SetDeck(data.name, units, settings.seed + 7919 * (place + 1), kinds, steps))
    maker = Maker(
        Order(decks, mixed), teachings, share, settings.seed, Workers(_workers(workers, world)), world.device
    )
    return Dealt(maker, Trouble(settings.broken_limit, sum(deck.size for deck in decks)), told)


_HELP = {
    "contrast": "Its pictures need captions, or a folder for each class.",
    "write": "Its pictures need captions, questions with answers, classes, or boxes for a model that can point.",
    "contrast and write": "Its pictures need captions, or a folder for each class.",
    "classify": "Its pictures need classes: put them into one folder for each.",
}


def opened(portion: Portion) -> DataSet:
    """The set of a portion, read or made."""
    if isinstance(portion.data, DataSet):
        return portion.data
    return read_training(Path(portion.data)) if isinstance(portion.data, str) else portion.data()


def _weights(portions: Sequence[Portion], found: Sequence[Units]) -> list[float]:
    """Raises UsageError for those that make no sense."""
    weights = [
        float(len(units)) if portion.weight is None else portion.weight
        for portion, units in zip(portions, found, strict=True)
    ]
    if not all(isfinite(weight) and weight > 0 for weight in weights):
        raise UsageError(f"Weights of {', '.join(map(str, weights))} make no sense. They are above 0.")
    return weights


def _steps(mixed: Mixed, which: int, batch: int, first: int, count: int) -> Tensor:
    """(count,) the steps of that many examples of a portion, from the `first` on."""
    return mixed.numbers(which, first, count) // batch


def _workers(wanted: int | None, world: World) -> int:
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_WORKERS, cores // max(1, world.size)))
