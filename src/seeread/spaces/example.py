"""Drawn scenes with sentences about them: a space for those who have no pictures at hand."""

from seeread.data.scene_talk import describe
from seeread.data.scenes import invent, render
from seeread.data.sets.item import Item
from seeread.spaces.gather import Gathered

SCENES = 240
_FIRST = 7000  # seeds that no lesson here uses
_SIDE = 160  # pixels


def scenes(count: int = SCENES) -> Gathered:
    """So many scenes of a few coloured shapes, the same every time, each with the sentence that describes it."""
    drawn = [invent(_FIRST + number, most=2) for number in range(count)]
    items = tuple(
        Item(f"scene {number}", render(scene, _SIDE), captions=(describe(scene),))
        for number, scene in enumerate(drawn, 1)
    )
    return Gathered(items, total=count)
