"""Drawn scenes as a set of pictures: to learn from and to be measured on without any file."""

from pathlib import Path
from random import Random

from seeread.data.scene_talk import ask, describe
from seeread.data.scenes import invent, render
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item, Question, Thing


def scene_set(count: int, side: int, first: int = 0, most: int = 4, questions: int = 3) -> DataSet:
    """The scenes of `count` seeds from `first` on, of 1 to `most` shapes, drawn `side` pixels square, each with its
    caption, questions with their answers, and boxes. Sets whose seeds do not overlap share no picture."""
    items = tuple(_item(seed, side, most, questions) for seed in range(first, first + count))
    return DataSet(f"scenes/{first}-{first + count}", Path("scenes"), "drawn as they are needed", items)


def _item(seed: int, side: int, most: int, questions: int) -> Item:
    scene, name = invent(seed, most), f"scene {seed}"
    asked = ask(scene, Random(f"asked {seed}"), questions)
    return Item(
        name,
        render(scene, side),
        captions=(describe(scene),),
        questions=tuple(
            Question(text, (answer,), f"{name}:{place}") for place, (text, answer) in enumerate(asked)
        ),
        things=tuple(Thing(thing.name, thing.box) for thing in scene.things),
    )
