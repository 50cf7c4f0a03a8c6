"""From a model, data and a goal to the stream of batches that the model learns from."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from typing import cast

from torch import Tensor

from seeread.data.masking import Masking
from seeread.data.sampling import Mixed
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.data.sets.read import read_training
from seeread.errors import DataError, UsageError
from seeread.preprocessing.dialogue import PromptStyle
from seeread.preprocessing.processor import Processor
from seeread.pretrained import Pretrained
from seeread.training.ranks.world import World
from seeread.training.recipe import Goal, Portion
from seeread.training.settings import Settings
from seeread.training.streams.ahead import Workers
from seeread.training.streams.dealing import Dealt, Maker, Order
from seeread.training.streams.decks import Deck, SetDeck
from seeread.training.streams.exercises import check, told
from seeread.training.streams.pictures import Pictures, Variation, room_of
from seeread.training.streams.shards import ShardDeck, Shards, shards_at
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
    write": (`Batch`, tokens). "classify": (images, class numbers (images,)), as `classes_of` numbers them. "fill":
    `Masked`; each caption is an example, and no picture is opened.

    An example is a function of the seed and its number in the run alone: `settings.batch` of them are a step, whatever
    the number of ranks and of parts, and workers, threads that prepare batches ahead, change nothing (0: none; usually
    as many as there are cores for the rank). Where a text or class still fits what is left of it ("contrast",
    "classify"), a picture is varied, as `settings.crop` says. For "contrast" pictures of one class are kept out of each
    other's steps, where there are as many classes as that takes: they would be called wrong for each other's texts.

    What is broken is replaced by what comes next, and listed. Raises DataError where more than `settings.broken_limit`
    is, and where there is nothing to learn; UsageError where the batch cannot be divided, and for what the model's
    processor cannot serve.
    """
    share = Share.of(settings, world)
    if not portions:
        raise UsageError("There is no data to learn from. Give at least one set.")
    processor = model.processor
    for portion in portions:
        check(portion, goal, processor)
    if goal == "fill":
        Masking(processor.tokenizer).number  # noqa: B018  # it says what is wrong
    sets = all_opened(portions)
    varied = Variation(settings.crop) if goal in ("contrast", "classify") and settings.crop < 1 else None
    pictures = Pictures(processor, varied, room_of(world.size))
    known = classes_of(sets, processor.labels) if goal == "classify" else ()
    numbers = {label: number for number, label in enumerate(known)}
    units = [
        _units(data, portion, goal, processor.style) for portion, data in zip(portions, sets, strict=True)
    ]
    mixed = Mixed(_weights(portions, units), settings.seed)
    decks = [
        _deck(data, there, mixed, place, goal, settings)
        for place, (data, there) in enumerate(zip(sets, units, strict=True))
    ]
    teachings = [
        _teaching(data, portion, goal, processor, pictures, numbers)
        for portion, data in zip(portions, sets, strict=True)
    ]
    maker = Maker(
        Order(decks, mixed), teachings, share, settings.seed, Workers(_workers(workers, world)), world.device
    )
    counts = [deck.size for deck in decks]
    size = None if None in counts else sum(count or 0 for count in counts)
    return Dealt(maker, Trouble(settings.broken_limit, size))


_HELP = {
    "contrast": "Its pictures need captions, or a folder for each class.",
    "write": "Its pictures need captions, questions with answers, classes, or boxes for a model that can point.",
    "contrast and write": "Its pictures need captions, or a folder for each class.",
    "classify": "Its pictures need classes: put them into one folder for each.",
    "fill": "It needs texts: they are taken from captions.",
}


def opened(portion: Portion) -> DataSet | Shards:
    """The set of a portion, read or made; large shards as what is read while it is learned from."""
    if isinstance(portion.data, DataSet):
        return portion.data
    if not isinstance(portion.data, str):
        return portion.data()
    path = Path(portion.data)
    return shards_at(path) or read_training(path)


def all_opened(portions: Sequence[Portion]) -> list[DataSet | Shards]:
    """The sets of portions, each read or made once, however many portions are of it."""
    keys = [each.data if isinstance(each.data, str) else id(each.data) for each in portions]
    known = dict(zip(keys, portions, strict=True))
    sets = {key: opened(portion) for key, portion in known.items()}
    return [sets[key] for key in keys]


Teach = Callable[[Sequence[Item]], Units]
"""What is learned from items."""


def _units(data: DataSet | Shards, portion: Portion, goal: Goal, style: PromptStyle | None) -> Units | Teach:
    """What is learned from a set, or how that is found out of some of its items."""
    labels = () if isinstance(data, Shards) else _things(data)
    exercise = told(portion.exercise, labels)
    teach = partial(units_of, goal=goal, task=portion.task, style=style, exercise=exercise)
    if isinstance(data, Shards):
        return teach
    units = teach(data.items)
    if not len(units):
        name = "" if exercise is None else type(exercise).__name__
        wanted = _HELP[goal] if exercise is None else f"{name} needs {exercise.needs}."
        raise DataError(f"{data.name} teaches nothing of what is to be learned ({name or goal}). {wanted}")
    return units


def _deck(
    data: DataSet | Shards, units: Units | Teach, mixed: Mixed, place: int, goal: Goal, settings: Settings
) -> Deck:
    seed = settings.seed + 7919 * (place + 1)
    if isinstance(data, Shards):
        return ShardDeck(data, cast(Teach, units), seed)
    assert isinstance(units, Units)
    kinds = [units.items[item].label for item in units.places] if goal == "contrast" else []
    steps = partial(_steps, mixed, place, settings.batch) if any(kinds) else None
    return SetDeck(data.name, units, seed, kinds, steps, data.broken)


def _teaching(
    data: DataSet | Shards,
    portion: Portion,
    goal: Goal,
    processor: Processor,
    pictures: Pictures,
    numbers: dict[str, int],
) -> Teaching:
    if isinstance(data, Shards):
        unkept = Pictures(processor, pictures.variation, 0)
        return Teaching(goal, processor, unkept, {}, numbers, exercise=portion.exercise)
    names, things = dict(zip(data.labels, data.called, strict=True)), _things(data)
    return Teaching(goal, processor, pictures, names, numbers, things, told(portion.exercise, things))


def _things(data: DataSet) -> tuple[str, ...]:
    """The names of all things that are in the pictures."""
    return tuple(sorted({thing.label for item in data.items for thing in item.things or ()}))


def _weights(portions: Sequence[Portion], units: Sequence[Units | Teach]) -> list[float]:
    """Raises UsageError for those that make no sense."""
    counts = [len(each) if isinstance(each, Units) else 0 for each in units]
    if len(portions) == 1:
        return [1.0]
    weights = [
        float(n) if part.weight is None else part.weight for part, n in zip(portions, counts, strict=True)
    ]
    if not all(isfinite(weight) and weight > 0 for weight in weights):
        raise UsageError(
            f"Weights of {', '.join(map(str, weights))} make no sense. They are above 0, and large shards, whose "
            "examples nobody has counted, must be given one."
        )
    return weights


def _steps(mixed: Mixed, which: int, batch: int, first: int, count: int) -> Tensor:
    """(count,) the steps of that many examples of a portion, from the `first` on."""
    return mixed.numbers(which, first, count) // batch


def _workers(wanted: int | None, world: World) -> int:
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_WORKERS, cores // max(1, world.size)))
