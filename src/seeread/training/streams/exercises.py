"""Exercises in a stream: what of an item they are made of, in whose words it is asked, and for whom they are none."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass, replace
from typing import Any

from seeread.data.example import Example, Task, overview
from seeread.data.lessons.gaps import SpanCorruption
from seeread.data.lessons.lesson import GAP, Exercise
from seeread.data.lessons.objects import Detection
from seeread.data.sets.item import Item
from seeread.errors import UsageError
from seeread.preprocessing.image import Source
from seeread.preprocessing.pointing.locations import Located
from seeread.preprocessing.processor import Processor
from seeread.training.recipe import Goal, Portion


def check(portion: Portion, goal: Goal, processor: Processor) -> None:
    """Raises UsageError for a portion that is none for this goal, or cannot be read with this processor."""
    exercise = portion.exercise
    blind = goal == "write" and processor.image_transform is None
    if blind and portion.task != "text" and not isinstance(exercise, SpanCorruption):
        raise UsageError(
            'This model takes no pictures, and learns from texts alone. Give each portion the task "text", or to an '
            "encoder-decoder the exercise SpanCorruption()."
        )
    if exercise is None:
        return
    name = type(exercise).__name__
    if goal != "write":
        raise UsageError(
            f'{name} is an exercise for models that write, and the goal is "{goal}". Leave it out, or choose "write".'
        )
    if isinstance(exercise, Detection) and exercise.written == "tokens":
        last = f"<loc{exercise.bins - 1:04d}>"
        if processor.tokenizer.number(last) is None:
            raise UsageError(
                f"{name} writes boxes with location tokens up to {last}, which the model's tokenizer does not have. "
                'Write them in numbers: written="numbers".'
            )
    wanted = sentinels(exercise)
    missing = [gap for gap in range(wanted) if processor.tokenizer.number(f"<extra_id_{gap}>") is None]
    if missing:
        raise UsageError(
            f"{name} marks gaps with T5's sentinels, up to <extra_id_{wanted - 1}>, and the model's tokenizer has no "
            f"<extra_id_{missing[0]}>. Take a model that was made with them (T5, mT5, UL2), or leave the exercise out."
        )


def sentinels(exercise: Exercise) -> int:
    """How many of T5's an exercise needs."""
    if isinstance(exercise, SpanCorruption):
        return exercise.sentinels
    return int(GAP in getattr(exercise, "wording", ""))


def told(exercise: Exercise | None, labels: Sequence[str]) -> Exercise | None:
    """The same exercise; if it may ask for what is not there, and knows of nothing, it is told of these."""
    changed: Any = exercise
    if not is_dataclass(exercise) or getattr(exercise, "labels", None) != ():
        return exercise
    return replace(changed, labels=tuple(labels))


def made_of(item: Item, task: Task | None, exercise: Exercise) -> Iterator[tuple[Task, int]]:
    """The tasks of an item, and the numbers of what it has for each, that an exercise can be made of."""
    counts: dict[Task, int] = {
        "caption": len(item.captions),
        "answer": len(item.questions),
        "objects": int(item.things is not None),
        "detect": bool(item.things) + len(item.phrases),
        "read": len(item.captions),
        "text": len(item.captions),
    }
    if isinstance(exercise, SpanCorruption):  # which shows no picture, and none need be opened
        kinds: tuple[Task, ...] = ("text",)
    elif task is None:  # of captions nobody knows whether they were read, or need no picture
        kinds = ("caption", "answer", "objects", "detect")
    else:
        kinds = (task,) if task in counts else ()
    for kind in kinds:
        first = int(
            task is None and kind == "detect" and bool(item.things)
        )  # that one is the one of "objects"
        for index in range(first, counts[kind]):
            if exercise.takes(example(item, kind, index, None)):
                yield kind, index


def example(
    item: Item, task: Task, index: int, picture: "Source | None", chance: random.Random | None = None
) -> Example:
    """What an exercise is made of. Of several answers one is drawn."""
    match task:
        case "answer":
            question = item.questions[index]
            answers = [answer for answer in question.answers if answer.strip()] or [""]
            answer = answers[0] if chance is None else chance.choice(answers)
            return Example(picture, "answer", question.text, answer)
        case "detect" if index >= bool(item.things):
            phrase = item.phrases[index - bool(item.things)]
            return Example(picture, "detect", phrase.text, "", (Located(phrase.text, phrase.box),))
        case "objects" | "detect":
            things = [Located(thing.label, thing.box) for thing in item.things or ()]
            return replace(overview(b"", things), image=picture)
    return Example(picture, task, "", item.captions[index])
