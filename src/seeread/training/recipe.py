"""A recipe: what learns, from what, what it is to do, and how."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from seeread.data.example import Task
from seeread.data.lessons.lesson import Exercise
from seeread.data.lessons.pali import exercises
from seeread.data.sets.dataset import DataSet
from seeread.errors import UsageError
from seeread.pretrained import Pretrained
from seeread.training.settings import Settings

Goal = Literal["contrast", "write", "contrast and write", "classify", "fill"]
"""What is learned: to tell which picture belongs to which text, by the loss that the model says it has; to write; both
at once (CoCa); to tell classes apart by a layer of its own on frozen features (a linear probe); or to fill gaps in
texts, as masked language models do."""

Data = str | DataSet | Callable[[], DataSet]
"""Where a set lies, the set itself, or what makes it."""

Mode = Literal["full", "connector", "lora", "probe", "lit"]
"""Which weights learn: all; what joins sight to language; small additions to the matrices (LoRA, arXiv:2106.09685); a
linear layer on what the model sees; all but the vision tower (LiT, arXiv:2111.07991)."""


@dataclass(frozen=True, kw_only=True)
class Portion:
    """A part of what is learned from: a set, or what makes it, or where it lies. `weight` compares with those of the
    other portions; without one it is the number of its examples. `task` is what is learned from the set by a model that
    writes, all that it can teach if None: of "text" its captions without their pictures.

    An `exercise` asks in its own words, and not in those of the model: all that it can be made of, or those of the
    task. `SpanCorruption()` teaches an encoder-decoder to fill gaps in texts (T5). One that may ask for things which
    are not there, and was told of none, is told of all that are in the set."""

    data: Data
    weight: float | None = None
    task: Task | None = None
    exercise: Exercise | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`start` is a model's name or folder, or a function that makes one. `rank` and `alpha` are those of LoRA's
    additions, which count `alpha / rank` times. `stored` is the precision that the trained weights are saved in: that
    of the start if None."""

    name: str
    start: str | Callable[[], Pretrained]
    data: tuple[Portion, ...]
    goal: Goal
    settings: Settings
    mode: Mode = "full"
    rank: int = 8
    alpha: float = 16.0
    stored: Literal["fp32", "bf16", "fp16"] | None = None

    def but(self, **changes: object) -> "Recipe":
        """The same recipe with other settings."""
        return replace(self, settings=replace(self.settings, **changes))  # type: ignore[arg-type]


def pali(
    *,
    captions: Data | None = None,
    transcriptions: Data | None = None,
    questions: Data | None = None,
    objects: Data | None = None,
    texts: Data | None = None,
    sentinels: bool = False,
    written: Literal["tokens", "numbers"] = "numbers",
) -> tuple[Portion, ...]:
    """PaLI's mixture with its own shares (arXiv:2209.06794, section 3.2 and table 9), of one's own sets: captions of
    pictures, what is written in them, questions with answers, what is in them and where, and texts. Of what is not
    given there is nothing, and the others keep their shares of each other.

    `sentinels` says that the tokenizer has T5's: prompts then end with the first of them, as in the paper, and texts
    are learned by span corruption. Boxes are `written` in numbers, as in the paper, or in PaliGemma's location tokens,
    which `detect` reads. Raises UsageError for texts without sentinels.
    """
    if texts is not None and not sentinels:
        raise UsageError(
            "Texts are learned by span corruption, which takes T5's sentinels: say sentinels=True."
        )
    given: dict[Task, Data | None] = {
        "caption": captions, "read": transcriptions, "answer": questions, "objects": objects, "detect": objects,
        "text": texts,
    }  # fmt: skip
    return tuple(
        Portion(data=data, weight=share, task=task, exercise=exercise)
        for task, exercise, share in exercises(sentinels=sentinels, written=written)
        if (data := given[task]) is not None
    )
