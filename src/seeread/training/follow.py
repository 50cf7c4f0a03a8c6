"""Following a recipe: from a start and data to a model on disk that says what it was trained on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from torch import nn

from seeread.checkpoints.load import load
from seeread.checkpoints.save import save
from seeread.data.collate import batches, pairs
from seeread.data.example import Example
from seeread.data.lessons.captions import Captioning
from seeread.data.lessons.lesson import Exercise
from seeread.data.lessons.questions import Answering
from seeread.data.mixture import Mixture, Part
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.read import read_set
from seeread.errors import UsageError
from seeread.models.families import config_of
from seeread.pretrained import Origin, Pretrained
from seeread.training.modes.kept import kept
from seeread.training.objectives.captions import contrast_and_captions
from seeread.training.objectives.choosing import classification
from seeread.training.objectives.contrast import LOSSES, contrastive
from seeread.training.objectives.objective import Objective
from seeread.training.objectives.writing import writing
from seeread.training.recipe import Portion, Recipe
from seeread.training.streams.stream import Steps, Stream
from seeread.training.trainer import train
from seeread.training.watching.watcher import Measure, Watcher

MODEL = "model"
"""The folder of the trained model, inside that of the run."""


def follow(
    recipe: Recipe,
    out: Path,
    *,
    measure: Measure | None = None,
    watchers: Sequence[Watcher] = (),
    resume: bool = True,
) -> Pretrained:
    """Train what the recipe says, and save it as `out/model`, which `load` reads. Gives the trained model.

    A run of the same recipe that stopped in `out` goes on where it stood, unless `resume` is False.
    """
    portions = tuple(replace(portion, data=opened(portion)) for portion in recipe.data)
    start = begin(recipe)
    settings = replace(recipe.settings, frozen=kept(start.module, recipe.mode, recipe.settings.frozen))
    stream = _stream(start, portions, recipe)
    trained = train(start.module, _objective(start.module, recipe), stream, settings, out, measure)
    result = replace(start, model=trained.eval(), origin=Origin(recipe.name, out / MODEL, "native"))  # type: ignore[arg-type]
    save(result, out / MODEL, overwrite=True)
    return result


def begin(recipe: Recipe) -> Pretrained:
    """What the recipe starts from, in float32, whatever it is stored in."""
    return load(recipe.start, precision="fp32") if isinstance(recipe.start, str) else recipe.start()


def opened(portion: Portion) -> DataSet:
    """The set of a portion, read or made."""
    if isinstance(portion.data, DataSet):
        return portion.data
    return read_set(portion.data) if isinstance(portion.data, str) else portion.data()


def _objective(model: nn.Module, recipe: Recipe) -> Objective:
    match recipe.goal:
        case "contrast":
            return contrastive(LOSSES[getattr(config_of(model), "loss", "softmax")])
        case "write":
            return writing
        case "contrast and write":
            return contrast_and_captions()
    return classification


def _stream(start: Pretrained, portions: Sequence[Portion], recipe: Recipe) -> Stream:
    parts = []
    for portion in portions:
        assert isinstance(portion.data, DataSet)
        captions = [
            Example(item.source, "caption", "", caption)
            for item in portion.data.items
            for caption in item.captions
        ]
        questions = [
            Example(item.source, "answer", question.text, question.answers[0])
            for item in portion.data.items
            for question in item.questions
        ]
        captioning = (
            Captioning() if start.processor.style is None else Captioning(start.processor.style.caption)
        )
        exercises: tuple[tuple[list[Example], Exercise], ...] = (
            (captions, captioning),
            (questions, Answering("{question}")),
        )
        for examples, exercise in exercises:
            if examples and (exercise is captioning or recipe.goal == "write"):
                parts.append(Part(examples, exercise))
    if not parts:
        raise UsageError(f"{recipe.name}: its data teaches nothing of what it is to learn.")
    mixture = Mixture(parts, recipe.settings.batch, recipe.settings.seed)
    return Steps((pairs if recipe.goal == "contrast" else batches)(mixture, start.processor))
