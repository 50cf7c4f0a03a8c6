"""What a model could do before and should not lose: a check that needs no other pictures than those drawn here.

For want of a large set of photographs in the package, it is two things. Of drawn scenes (a red circle, three blue
stars) it is known what they show, so that a score on them is a score; a model that has never understood drawings shows
nothing by it. And of any pictures one can ask whether the model still says of them what it said before: among the 1,000
names of ImageNet's classes, which have nothing to do with what was learned. That is no measure of being right, only of
having changed. Whoever has a set that matters names it, and it is measured instead.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from seeread.data.scene_talk import ask, describe
from seeread.data.scenes import COLOURS, SHAPES, invent, render
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item, Question, Thing
from seeread.evaluation.metrics.bootstrap import Interval, bootstrap_mean
from seeread.preprocessing.image import Source
from seeread.preprocessing.prompt import imagenet_names
from seeread.pretrained import Pretrained

DRAWN = "drawn scenes"
_FIRST = 900_000_000  # the bundled models have learned from scenes of other seeds
_SIDE = 224
_AMONG = 5


def drawn(count: int, *, alone: bool) -> DataSet:
    """Scenes, each with its caption, questions and boxes; `alone`: of one shape each, and that as a label, of 80."""
    items = [_scene(_FIRST + number, alone) for number in range(count)]
    labels = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES) if alone else ()
    return DataSet(DRAWN, Path(DRAWN), "drawn as they are needed", tuple(items), labels)


def agreement(before: Pretrained, after: Pretrained, pictures: Sequence[Source]) -> Interval:
    """The share of pictures for which the name that `before` finds likeliest of ImageNet's is among the five that
    `after` does; with the interval that chance leaves it."""
    names = [f"a photo of a {name}." for name in dict.fromkeys(imagenet_names())]
    old, new = (each.embed_images(pictures) @ each.embed_texts(names).T for each in (before, after))
    first, among = old.argmax(1, keepdim=True), new.topk(_AMONG, dim=1).indices
    kept = (first == among).any(1).float().tolist()
    return bootstrap_mean([[one] for one in kept])


def _scene(seed: int, alone: bool) -> Item:
    scene = invent(seed, most=1 if alone else 4)
    name, picture = f"scene {seed - _FIRST}", render(scene, _SIDE)
    if alone:
        return Item(name, picture, label=scene.things[0].name)
    asked = ask(scene, Random(f"check {seed}"), 2)
    questions = tuple(Question(text, (answer,), f"{name}:{n}") for n, (text, answer) in enumerate(asked))
    things = tuple(Thing(thing.name, thing.box) for thing in scene.things)
    return Item(name, picture, captions=(describe(scene),), questions=questions, things=things)
