"""From units to what a model learns from: pictures with their texts, questions with their answers, and classes."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from seeread.data.example import Example, overview
from seeread.data.lessons.lesson import Exercise
from seeread.data.lessons.objects import Detection, Listing
from seeread.data.masking import Masking, Row
from seeread.data.sets.item import Item
from seeread.errors import DataError, UsageError
from seeread.interface import Batch
from seeread.preprocessing.dialogue import Dialogue, Picture, PromptStyle, Turn, ask
from seeread.preprocessing.image import Source
from seeread.preprocessing.pointing.locations import Located
from seeread.preprocessing.processor import Processor
from seeread.tasks.prompts import prompts
from seeread.tasks.writing.likelihood import QUESTION
from seeread.training.recipe import Goal
from seeread.training.streams.exercises import example
from seeread.training.streams.pictures import Pictures
from seeread.training.streams.units import Unit

LONGEST = 20_000
"""Characters of a text from which on it is none that anybody meant."""

LIST = "List the objects in the picture."
READ = "What is written in the picture?"


@dataclass(frozen=True)
class Ready:
    """What a batch is made of: a picture with a text, a dialogue with its answer, a picture of a class, or a text of
    which some tokens are hidden."""

    text: str = ""
    picture: "Source | None" = None
    dialogue: Dialogue = ()
    label: int = -1
    row: Row = field(default_factory=list)


@dataclass(frozen=True)
class Teaching:
    """Makes examples of units, and batches of examples, for one goal. `names` is what classes are called, `numbers`
    are theirs; `labels` are all things that may be asked for. With an `exercise` its words are those of the lessons."""

    goal: Goal
    processor: Processor
    pictures: Pictures
    names: dict[str, str]
    numbers: dict[str, int]
    labels: tuple[str, ...] = ()
    exercise: Exercise | None = None

    def example(self, unit: Unit, chance: random.Random) -> Ready:
        """Whatever is left to chance comes from `chance` alone. Raises DataError for what is broken."""
        if self.goal == "classify":
            return Ready(picture=self.pictures(unit.item, chance), label=self.numbers[unit.item.label or ""])
        if self.goal == "contrast":
            text = _checked(self._spoken(unit.item, chance))
            return Ready(text, self.pictures(unit.item, chance, text))
        if self.goal == "contrast and write":
            text = _checked(self._spoken(unit.item, chance))
            picture = self.pictures(unit.item, chance, text)
            return Ready(text, dialogue=ask(self._style.caption, picture))
        if self.goal == "fill":
            text = _checked(unit.item.captions[unit.index])
            return Ready(text, row=self._hidden(text, chance))
        dialogue, answer = self._lesson(unit, chance)
        return Ready(_checked(answer, empty=unit.task in ("detect", "objects")), dialogue=dialogue)

    def batch(self, ready: Sequence[Ready]) -> Any:
        """As the objective of the goal takes it. Raises UsageError where a dialogue is too long for the model."""
        texts = [each.text for each in ready]
        if self.goal == "write":
            return self._rows(ready, texts)
        if self.goal == "fill":
            return Masking(self.processor.tokenizer).together([each.row for each in ready])
        if self.goal == "contrast and write":
            return self._rows(ready, texts), self.processor.texts(texts)
        images = self.pictures.images([each.picture for each in ready if each.picture is not None])
        if self.goal == "classify":
            return images, torch.tensor([each.label for each in ready])
        return images, self.processor.texts(texts)

    def shorter(self, ready: Ready) -> Ready | None:
        """The same with fewer words, if that is still what it was: captions of a model that compares and writes are cut
        to its length, as those of models that compare are (CoCa does so too)."""
        words = ready.text.split()
        kept = len(words) - max(1, len(words) // 8)
        return (
            replace(ready, text=" ".join(words[:kept]))
            if self.goal == "contrast and write" and kept
            else None
        )

    def _rows(self, ready: Sequence[Ready], answers: Sequence[str]) -> Batch:
        """As `Processor.prompts` does it, with pictures that were prepared."""
        dialogues = [each.dialogue for each in ready]
        shown = [picture.source for each in dialogues for turn in each for picture in turn.pictures]
        images = self.pictures.images(shown) if shown else None
        counts = [] if images is None else self.processor.image_tokens(images)
        return replace(self.processor.words(dialogues, counts, answers), images=images)

    @property
    def _style(self) -> PromptStyle:
        assert self.processor.style is not None
        return self.processor.style

    def _spoken(self, item: Item, chance: random.Random) -> str:
        """One of its captions; of an item without any, its class in one of the usual sentences."""
        if item.captions:
            return chance.choice(item.captions)
        return chance.choice(prompts(self.names.get(item.label or "", item.label or "")))

    def _lesson(self, unit: Unit, chance: random.Random) -> tuple[Dialogue, str]:
        item, style = unit.item, self._style
        if self.exercise is not None:
            shown = None if unit.task == "text" else self.pictures(item, chance)
            made = self.exercise(example(item, unit.task, unit.index, shown, chance), chance)
            return made.dialogue, made.answer
        if unit.task == "text":
            return ask(""), item.captions[unit.index]
        picture = self.pictures(item, chance)
        match unit.task:
            case "caption":
                return ask(style.caption, picture), item.captions[unit.index]
            case "read":
                return ask(style.asking(READ), picture), item.captions[unit.index]
            case "name":
                words = style.caption if style.answer is None else style.asking(QUESTION)
                return ask(words, picture), self.names.get(item.label or "", item.label or "")
            case "answer":
                return self._answer(unit, picture, chance)
            case "objects":
                lesson = Listing(style.asking(LIST).replace("{", "").replace("}", ""))(
                    _seen(item, picture), chance
                )
            case "detect":
                wording = style.detecting(["{labels}"])
                detection = Detection(self.labels, wording, bins=style.bins)
                lesson = detection(
                    _seen(item, picture) if unit.index < bool(item.things) else _meant(unit, picture), chance
                )
        return lesson.dialogue, lesson.answer

    def _hidden(self, text: str, chance: random.Random) -> Row:
        masking = Masking(self.processor.tokenizer)
        try:
            return masking.row(masking.passage(text, chance), chance)
        except UsageError as error:  # of this text: that the vocabulary has a mask was looked at before
            raise DataError(str(error)) from None

    def _answer(self, unit: Unit, picture: Source, chance: random.Random) -> tuple[Dialogue, str]:
        question = unit.item.questions[unit.index]
        before = (
            question.before if self._style.kind not in ("prefix", "caption") else ()
        )  # which take one turn
        turns: list[Turn] = []
        for asked, answered in before:
            turns += [Turn("user", (self._style.asking(asked),)), Turn("assistant", (answered,))]
        turns.append(Turn("user", (self._style.asking(question.text),)))
        turns[0] = replace(turns[0], content=(Picture(picture), *turns[0].content))
        return turns, chance.choice([answer for answer in question.answers if answer.strip()])


def _seen(item: Item, picture: Source) -> Example:
    return overview(picture, [Located(thing.label, thing.box) for thing in item.things or ()])


def _meant(unit: Unit, picture: Source) -> Example:
    phrase = unit.item.phrases[unit.index - bool(unit.item.things)]
    return Example(picture, "detect", phrase.text, "", (Located(phrase.text, phrase.box),))


def _checked(text: str, empty: bool = False) -> str:
    if not empty and not text.strip():
        raise DataError("its text is empty")
    if len(text) > LONGEST:
        raise DataError(f"its text has {len(text):,} characters")
    return text


Teach = Callable[[Unit, random.Random], Ready]
