"""What can be learned from the items of a set: each caption, question, name or set of boxes for a model that writes,
and each picture that has a text or a class for the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, get_args, overload

import numpy

from seeread.data.example import Task
from seeread.data.lessons.lesson import Exercise
from seeread.data.sets.item import Item
from seeread.errors import DataError
from seeread.preprocessing.dialogue import PromptStyle
from seeread.training.recipe import Goal
from seeread.training.streams.exercises import made_of

TASKS: tuple[Task, ...] = get_args(Task)


@dataclass(frozen=True, slots=True)
class Unit:
    """Something to learn from an item; `index` says which of several of its captions, questions or phrases."""

    item: Item
    task: Task
    index: int = 0

    @property
    def id(self) -> str:
        """That of the item."""
        return self.item.id


class Units(Sequence[Unit]):
    """All that is learned from some items. A million pictures with five captions each take 65 MB: no unit is made
    before it is asked for."""

    def __init__(self, items: Sequence[Item], taught: Iterator[tuple[int, Task, int]]):
        self.items = items
        kind = numpy.dtype([("item", "i8"), ("task", "u1"), ("index", "i4")])
        numbers = ((place, TASKS.index(task), index) for place, task, index in taught)
        self._rows = numpy.fromiter(numbers, kind)

    @property
    def places(self) -> list[int]:
        """Of each unit that of its item."""
        places: list[int] = self._rows["item"].tolist()
        return places

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Unit: ...
    @overload
    def __getitem__(self, place: slice) -> list[Unit]: ...
    def __getitem__(self, place: int | slice) -> Unit | list[Unit]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        item, task, index = self._rows[place].item()
        return Unit(self.items[item], TASKS[task], index)


class Labelled(Protocol):
    """Whatever has classes."""

    @property
    def labels(self) -> Sequence[str]:
        """In the order of their numbers."""
        ...


def classes_of(sets: Sequence[Labelled], known: Sequence[str] = ()) -> tuple[str, ...]:
    """The classes of some sets in the order of their numbers: those of the first set, then what others have besides. A
    model that knows classes already (`known`) keeps its own, and the sets may have no others. Raises DataError where
    there are no classes, or other ones."""
    told = dict.fromkeys(label for data in sets for label in data.labels)
    if not told:
        raise DataError(
            "Nothing says which class a picture is of. Put the pictures into one folder for each class."
        )
    if known:
        if strange := [label for label in told if label not in known]:
            raise DataError(
                f"The data has the class {strange[0]!r}, and {len(strange) - 1} others, that the model does not know. "
                "Give the folders the names of its classes, or let it learn new ones with a layer of its own."
            )
        return tuple(known)
    return tuple(told)


def units_of(
    items: Sequence[Item],
    goal: Goal,
    task: Task | None,
    style: PromptStyle | None,
    exercise: Exercise | None = None,
) -> Units:
    """What a model learns from these items: of each all that its goal can use. A model that writes learns the `task`,
    or all tasks for which there is anything: boxes only if its `style` knows how to ask for them. Of an `exercise` it
    learns what this can be made of; and to fill gaps in captions."""
    if goal == "fill":
        return Units(items, _written(items, "text", False))
    if exercise is not None:
        found = ((place, *each) for place, item in enumerate(items) for each in made_of(item, task, exercise))
        return Units(items, found)
    if goal == "write":
        points = style is not None and style.detect is not None
        return Units(items, _written(items, task, points))
    taught = (
        (place, "name" if goal == "classify" else "caption", 0)
        for place, item in enumerate(items)
        if item.label is not None or (goal != "classify" and item.captions)
    )
    return Units(items, taught)  # type: ignore[arg-type]  # a Task is a text


def _written(items: Sequence[Item], task: Task | None, points: bool) -> Iterator[tuple[int, Task, int]]:
    for place, item in enumerate(items):
        for kind, count in _counts(item, task, points):
            yield from ((place, kind, index) for index in range(count) if _said(item, kind, index))


def _counts(item: Item, task: Task | None, points: bool) -> list[tuple[Task, int]]:
    """How many things of each task there are."""
    boxes = bool(item.things)
    found: list[tuple[Task, int]] = [
        ("caption", len(item.captions)),
        ("answer", len(item.questions)),
        ("name", int(item.label is not None)),
        ("detect", (boxes + len(item.phrases)) if points or task == "detect" else 0),
    ]
    if task is None:
        return found
    asked: list[tuple[Task, int]] = [("objects", int(item.things is not None)), ("read", len(item.captions))]
    return [(kind, count) for kind, count in found + asked + [("text", len(item.captions))] if kind == task]


def _said(item: Item, task: Task, index: int) -> bool:
    return task != "answer" or any(map(str.strip, item.questions[index].answers))
