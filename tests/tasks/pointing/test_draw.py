"""Drawing: what is drawn is where it belongs, can be told apart, and leaves the picture as it was."""

import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from seeread.charts.lettering import font_for, spelled
from seeread.preprocessing.pointing.locations import Box
from seeread.tasks.pointing.detections import Detection
from seeread.tasks.pointing.draw import PALETTE, Colour, _room, colours_of, draw

GREY = (128, 128, 128)


def thing(label: str, box: Box, size: tuple[int, int], sure: float = 0.5, mask: bool = False) -> Detection:
    grid = torch.ones(64, 64) if mask else None
    return Detection(label, sure, box, size, None, grid)


def pixels_of(picture: Image.Image, colour: Colour) -> np.ndarray:
    """(height, width): True where there is exactly that colour."""
    return (np.asarray(picture) == np.array(colour)).all(axis=-1)


@pytest.mark.parametrize("size", [(640, 480), (2000, 3000), (16, 3000)])
def test_a_box_is_drawn_along_its_edges(size: tuple[int, int]) -> None:
    width, height = size
    picture = Image.new("RGB", size, GREY)
    where = thing("cat", Box(0.25, 0.5, 0.75, 0.9), size)
    drawn = draw(picture, [where])
    assert drawn.size == size
    assert pixels_of(picture, GREY).all(), "the picture itself is as it was"
    left, upper, right, lower = where.pixels
    lines = pixels_of(drawn, PALETTE[0])
    assert lines[lower - 1, left:right].all()
    assert lines[(upper + lower) // 2 : lower, left].all()
    assert lines[(upper + lower) // 2 : lower, right - 1].all()
    assert not lines[lower:].any()
    middle = np.asarray(drawn)[int(height * 0.75), width // 2]
    if width > 100:
        np.testing.assert_array_equal(middle, GREY)


def test_small_pictures_are_enlarged_so_that_letters_can_be_read() -> None:
    drawn = draw(Image.new("RGB", (96, 64), GREY), [thing("cat", Box(0.1, 0.5, 0.9, 0.9), (96, 64))])
    assert drawn.size == (576, 384)
    rows, columns = np.nonzero(pixels_of(drawn, PALETTE[0]))
    assert abs(columns.min() - 58) <= 1
    assert abs(rows.max() - 345) <= 1


def test_a_mask_is_a_veil_and_a_line() -> None:
    picture = Image.new("RGB", (640, 480), GREY)
    where = thing("cat", Box(0.25, 0.25, 0.75, 0.75), (640, 480), mask=True)
    drawn = np.asarray(draw(picture, [where])).astype(int)
    veil, line, outside = drawn[240, 320], drawn[240, 161], drawn[240, 150]
    np.testing.assert_array_equal(outside, GREY)
    np.testing.assert_allclose(veil, 0.58 * 128 + 0.42 * np.array(PALETTE[0]), atol=2)
    assert np.abs(line - PALETTE[0]).max() < np.abs(veil - PALETTE[0]).max() / 2, "the line is stronger than the veil"


def test_labels_have_colours_of_their_own() -> None:
    colours = colours_of([f"thing {number}" for number in range(30)] + ["thing 0"])
    assert len(colours) == 30
    distances = [
        np.linalg.norm(np.subtract(a, b)) for a, b in itertools.combinations(list(colours.values())[:10], 2)
    ]
    assert min(distances) > 60
    assert len(set(colours.values())) == 30
    drawn = draw(
        Image.new("RGB", (600, 600)), [thing("dog", Box(0.2, 0.2, 0.8, 0.8), (600, 600))], {"dog": (1, 2, 3)}
    )
    assert pixels_of(drawn, (1, 2, 3))[479, 120:480].all()


def test_tags_keep_out_of_each_other_s_way() -> None:
    taken: list[tuple[int, int, int, int]] = []
    for _ in range(4):
        left, upper, right, lower = _room((100, 100, 200, 300), (60, 20), (400, 400), taken)
        assert 0 <= left < right <= 400
        assert 0 <= upper < lower <= 400
        assert all(right <= a or left >= c or lower <= b or upper >= d for a, b, c, d in taken)
        taken.append((left, upper, right, lower))
    assert taken[0] == (100, 80, 160, 100), "above the box, at its left"
    assert _room((0, 0, 400, 400), (60, 20), (400, 400), [])[:2] == (0, 0), "within, where there is no room above"


def test_labels_of_any_length_and_script_are_written() -> None:
    font = font_for("cat", 20)
    assert spelled("cat", font, 200) == "cat"
    cut = spelled("a very long label that does not end", font, 100)
    assert cut.startswith("a very")
    assert cut.endswith("...")
    assert font.getlength(cut) <= 100
    assert spelled("café", font, 200) == "cafe", "Pillow's own font has no accents"
    assert spelled("猫", font, 200) == "?"
    size = (300, 200)
    for label in ("", "café", "кошка", "猫", "\n", "x" * 500):
        draw(Image.new("RGB", size), [thing(label, Box(0.9, 0.9, 1, 1), size)])


def test_draws_on_any_picture() -> None:
    size = (700, 1)
    for mode in ("L", "RGBA", "P", "1"):
        assert draw(Image.new(mode, size), [thing("cat", Box(0, 0, 1, 1), size, mask=True)]).mode == "RGB"
    assert draw(Image.new("RGB", (3, 3)), []).size == (513, 513)
