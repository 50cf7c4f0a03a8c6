"""Drawn scenes, held against their own pixels."""

import math
from dataclasses import replace

import numpy
import pytest
from PIL import Image, ImageDraw

from seeread.data.scenes import COLOURS, LARGEST, SHAPES, SMALLEST, Background, invent, render


@pytest.mark.parametrize("side", [64, 128, 100])
@pytest.mark.parametrize("seed", range(25))
def test_boxes_are_tight_around_the_pixels(seed: int, side: int) -> None:
    scene = invent(seed)
    bare = Background("plain", (255, 0, 255), (255, 0, 255), 0)
    for thing in scene.things:
        alone = replace(thing, paint=(0, 255, 0))
        drawn = numpy.asarray(render(replace(scene, things=(alone,), background=bare), side)).astype(int)
        ys, xs = numpy.nonzero((drawn != numpy.array(bare.first)).any(axis=2))
        found = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        for pixel, edge in zip(found, thing.box, strict=True):
            # 1 pixel: one that is covered by half or less may have been rounded away or in; a sharp tip is thin.
            assert abs(pixel - edge * side) <= (2 if thing.shape in ("star", "triangle", "diamond") else 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_drawn_where_the_outline_says(shape: str) -> None:
    side = 128
    scene = next(scene for scene in map(invent, range(1000)) if scene.things[0].shape == shape)
    thing = replace(scene.things[0], paint=(255, 255, 255))
    drawn = render(replace(scene, things=(thing,), background=Background("plain", (0, 0, 0), (0, 0, 0), 0)), side)
    large = Image.new("L", (side * 8, side * 8))
    ImageDraw.Draw(large).polygon([(x * side * 8, y * side * 8) for x, y in thing.outline], fill=255)
    difference = numpy.asarray(large.reduce(8)).astype(int) - numpy.asarray(drawn.convert("L")).astype(int)
    assert abs(difference).max() < 100 and abs(difference.mean()) < 0.5  # edges of two ways of drawing, no shift


def test_scenes_are_what_they_should_be() -> None:
    scenes = [invent(seed) for seed in range(300)]
    assert {len(scene.things) for scene in scenes} == {1, 2, 3, 4}
    things = [thing for scene in scenes for thing in scene.things]
    assert {thing.shape for thing in things} == set(SHAPES) and {thing.colour for thing in things} == set(COLOURS)
    assert {scene.background.kind for scene in scenes} == {"plain", "gradient", "grain", "patches"}
    for thing in things:
        assert min(thing.box) >= 0 and max(thing.box) <= 1
        longer = max(thing.box.x_max - thing.box.x_min, thing.box.y_max - thing.box.y_min)
        assert SMALLEST - 1e-6 <= longer <= LARGEST + 1e-6
    for scene in scenes:
        boxes = [thing.box for thing in scene.things]
        assert all(one.overlap(other) == 0 for one in boxes for other in boxes if one is not other)
        middles = [thing.middle for thing in scene.things]
        assert middles == sorted(middles)
        assert all(math.dist(COLOURS[t.colour], scene.background.first) > 100 for t in scene.things)


def test_a_seed_is_a_scene() -> None:
    assert invent(7) == invent(7) != invent(8)
    assert render(invent(7), 40).tobytes() == render(invent(7), 40).tobytes()
    assert render(invent(7), 40).size == (40, 40) and render(invent(7), 40).mode == "RGB"
    assert all(len(invent(seed, most=1).things) == 1 for seed in range(20))


@pytest.mark.parametrize("kind", ["plain", "gradient", "grain", "patches"])
def test_backgrounds_keep_to_their_colours(kind: str) -> None:
    bare = replace(invent(3), things=(), background=Background(kind, (100, 120, 140), (130, 90, 170), 5))  # type: ignore[arg-type]
    pixels = numpy.asarray(render(bare, 60)).reshape(-1, 3).astype(int)
    assert abs(pixels.mean(axis=0) - (100, 120, 140)).max() <= 35
    assert (pixels.std(axis=0) > 1).all() == (kind != "plain")
