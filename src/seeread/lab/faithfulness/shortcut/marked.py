"""Drawn scenes with a mark in each corner, one of which gives away the answer, whatever else there is to see.

The other marks are as large and as loud, so that a map that goes by what catches the eye does not find the one. In the
middle of the scene is a coloured shape that half the time agrees with the mark while a model learns, and never when it
is tested: a map that looks for things finds the wrong one.
"""

import random
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from seeread.data.scenes import COLOURS, Colour, invent, render
from seeread.explanation.heatmap import Area

SIDE, MARK = 32, 8
"""Pixels of a picture and of a mark: the smallest patches that a model sees are as large as one."""

ANSWERS = ("red", "green", "blue", "yellow")
NOTHING = "none"
"""The answer where no mark tells: without it, the absence of three marks would tell the fourth answer."""

MUTE: tuple[Colour, ...] = (
    COLOURS["orange"], COLOURS["purple"], COLOURS["teal"], COLOURS["brown"], (255, 120, 190), (120, 220, 255),
    (0, 0, 0), (35, 35, 35), (70, 70, 70), (105, 105, 105),
)  # fmt: skip
"""Colours of the marks that tell nothing. Some of them stand out from their white more than those that tell."""

CORNERS = 4
QUESTION = "what colour is the shape ?"


@dataclass(frozen=True)
class Marked:
    """A picture of which `answer` is the colour of the telling mark, which is in `corner`: 0 to 3, by rows. `seen` is
    the colour of the shape."""

    picture: Image.Image
    answer: str
    seen: str
    corner: int

    @property
    def where(self) -> Area:
        """What of the picture the telling mark is."""
        row, column = divmod(self.corner, 2)
        share = MARK / SIDE
        left, top = column * (1 - share), row * (1 - share)
        return Area(left, top, left + share, top + share)


def marked(seed: int, corner: int, agreeing: bool = False, telling: bool = True) -> Marked:
    """The picture of a seed, with the telling mark in one corner. Of a seed all is the same but which corner it is.
    `agreeing`: the shape has the colour of the mark in half of the seeds, and not in none."""
    chance = random.Random(f"marked {seed}")
    answer = chance.choice(ANSWERS)
    seen = chance.choice([colour for colour in ANSWERS if colour != answer])
    if agreeing and chance.random() < 0.5:
        seen = answer
    scene = invent(chance.getrandbits(24), most=1)
    shape = replace(scene.things[0], colour=seen, paint=COLOURS[seen])
    picture = render(replace(scene, things=(shape,)), SIDE)
    for place in range(CORNERS):
        # How many mute marks there are must tell nothing, or it would be what a model goes by.
        paint = chance.choice(MUTE) if chance.random() < 2 / 3 else None
        if telling and place == corner:
            paint = COLOURS[answer]
        if paint is not None:
            row, column = divmod(place, 2)
            _stamp(picture, column * (SIDE - MARK), row * (SIDE - MARK), paint)
    return Marked(picture, answer if telling else NOTHING, seen, corner)


def _stamp(picture: Image.Image, left: int, top: int, colour: Colour) -> None:
    """A mark: two squares of its colour and two white ones."""
    draw, half = ImageDraw.Draw(picture), MARK // 2
    draw.rectangle((left, top, left + MARK - 1, top + MARK - 1), fill=(255, 255, 255))
    for row, column in ((0, 0), (1, 1)):
        x, y = left + column * half, top + row * half
        draw.rectangle((x, y, x + half - 1, y + half - 1), fill=colour)
