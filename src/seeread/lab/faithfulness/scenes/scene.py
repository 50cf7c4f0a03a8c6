"""A drawn scene with a question about one of its things."""

from dataclasses import dataclass, replace
from itertools import count

from PIL import Image

from seeread.data.scenes import COLOURS, Scene, Thing, invent, render
from seeread.errors import UsageError
from seeread.explanation.aim import aim
from seeread.explanation.heatmap import Area
from seeread.explanation.target import AnyTarget
from seeread.pretrained import Pretrained

THINGS, SIDE = 3, 160
"""Things in a scene, of which a map has to pick one: a third of them by chance. Pixels of a picture's side."""

_FIRST = 700_000_000  # no bundled model has learned from scenes of these seeds


@dataclass(frozen=True)
class Asked:
    """A scene with `THINGS` things, no two of them of one shape, or of one colour, and the place of the one that is
    asked about."""

    scene: Scene
    place: int

    @property
    def thing(self) -> Thing:
        """The one that is asked about."""
        return self.scene.things[self.place]

    @property
    def question(self) -> str:
        """What a model that writes is asked."""
        return f"what color is the {self.thing.shape}?"

    def picture(self) -> Image.Image:
        """The scene as it is."""
        return render(self.scene, SIDE)

    def without(self, place: int) -> Image.Image:
        """The scene drawn anew, one of the things left out."""
        things = self.scene.things[:place] + self.scene.things[place + 1 :]
        return render(replace(self.scene, things=things), SIDE)

    def repainted(self) -> "Asked":
        """Its minimal pair: the thing that is asked about has a colour that nothing else here has."""
        taken = {thing.colour for thing in self.scene.things}
        bare = self.scene.background.first
        free = [name for name in COLOURS if name not in taken]
        colour = max(free, key=lambda name: sum(abs(a - b) for a, b in zip(COLOURS[name], bare, strict=True)))
        things = list(self.scene.things)
        things[self.place] = replace(self.thing, colour=colour, paint=COLOURS[colour])
        return replace(self, scene=replace(self.scene, things=tuple(things)))


def asked(seed: int) -> Asked:
    """The scene of a seed."""
    for attempt in count():
        scene = invent(_FIRST + 1000 * seed + attempt, most=THINGS)
        shapes, colours = {thing.shape for thing in scene.things}, {thing.colour for thing in scene.things}
        if len(scene.things) == len(shapes) == len(colours) == THINGS:
            break
    return Asked(scene, seed % THINGS)


def where(thing: Thing) -> Area:
    """The box around a thing."""
    return Area(thing.box.x_min, thing.box.y_min, thing.box.x_max, thing.box.y_max)


def aimed(model: Pretrained, one: Asked) -> AnyTarget | None:
    """What there is to explain: how well the thing's name fits, or what the model says; None where it is silent."""
    if model.processor.style is None:
        return aim(model, one.picture(), labels=[one.thing.name])
    try:
        return aim(model, one.picture(), one.question)
    except UsageError:
        return None
