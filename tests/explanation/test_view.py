"""Where on a picture that lies which a model sees, and sheets of cells as one map."""

import pytest
import torch
from PIL import Image

from seeread.explanation.heatmap import Area
from seeread.explanation.view import Sheet, area_of, paint, seen_area, sheets
from seeread.interface import Frames, Patches
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform import ImageTransform, PatchTransform, Transform

HALF = (0.5, 0.5, 0.5)
CROP = ImageTransform(size=(16, 16))
TILES = TileTransform(side=16, grids=((1, 2), (2, 1), (2, 2)), mean=HALF, std=HALF)
PAD = ImageTransform(size=(16, 16), mode="pad")
LINES = LineTransform(patch_size=8, most=(16, 16))
APART = TileTransform(side=16, grids=((1, 2), (2, 1)), mean=HALF, std=HALF, apart=True)


def near(area: Area, *edges: float) -> bool:
    return (area.left, area.top, area.right, area.bottom) == pytest.approx(edges)


@pytest.mark.parametrize(
    ("mode", "extra", "edges"),
    [
        ("crop", {}, (0.25, 0, 0.75, 1)),
        ("crop", {"short_side": 32}, (0.375, 0.25, 0.625, 0.75)),
        ("squash", {}, (0, 0, 1, 1)),
        ("pad", {}, (0, -0.5, 1, 1.5)),
        ("square", {}, (0, -0.5, 1, 1.5)),
        ("cut", {"short_side": 32}, (0.375, 0.25, 0.625, 0.75)),
    ],
)
def test_of_a_wide_picture(mode: str, extra: dict[str, int], edges: tuple[float, ...]) -> None:
    assert near(area_of(ImageTransform(size=(16, 16), mode=mode, **extra), 64, 32), *edges)  # type: ignore[arg-type]


@pytest.mark.parametrize("transform", [CROP, PAD, TILES, LINES])
def test_a_mark_lies_where_the_area_says(transform: Transform) -> None:
    """A white spot in a black picture, looked for in the pixels that the model gets, and put back by its area."""
    picture = Image.new("RGB", (40, 32))
    picture.paste("white", (20, 12, 24, 16))  # its middle is at 0.55, 0.4375
    images = transform([picture])
    over = sheets(transform, images, 40, 32, 256)
    pixels = images if isinstance(images, torch.Tensor) else images.pixels
    bright = pixels.mean(dim=-1) if isinstance(images, Patches) else pixels.mean(dim=1).flatten(1)
    values, area = paint(over, (bright - bright.min()).clamp(min=0) ** 4)
    row, column = divmod(int(values.argmax()), values.shape[1])
    x = area.left + (column + 0.5) / values.shape[1] * (area.right - area.left)
    y = area.top + (row + 0.5) / values.shape[0] * (area.bottom - area.top)
    cell = max((area.right - area.left) / values.shape[1], (area.bottom - area.top) / values.shape[0])
    assert abs(x - 0.55) <= cell
    assert abs(y - 0.4375) <= cell


def test_lines_are_filled_up_on_the_right_and_below() -> None:
    assert near(seen_area(LineTransform(patch_size=8, most=(16, 16)), 12, 9), 0, 0, 16 / 12, 16 / 9)


def test_tiles_lie_over_the_black_around_the_picture_too() -> None:
    images = TILES([Image.new("RGB", (64, 16))])
    assert images.grids.tolist() == [[1, 2]]
    whole, left, right = sheets(TILES, images, 64, 16, 4)
    assert near(whole.area, 0, 0, 1, 1)
    assert near(left.area, 0, -0.5, 0.5, 1.5)
    assert near(right.area, 0.5, -0.5, 1, 1.5)
    _, upper, lower = sheets(TILES, TILES([Image.new("RGB", (16, 64))]), 16, 64, 4)
    assert near(upper.area, -0.5, 0, 1.5, 0.5)
    assert near(lower.area, -0.5, 0.5, 1.5, 1)


def test_patches_of_any_aspect_cover_the_picture() -> None:
    transform = PatchTransform(patch_size=8, max_patches=8)
    images = transform([Image.new("RGB", (64, 32))])
    [sheet] = sheets(transform, images, 64, 32, 8)
    assert (sheet.rows, sheet.columns, sheet.area) == (2, 4, Area())
    values, _ = paint([sheet], torch.arange(8.0)[None])
    assert values.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_padding_behind_the_last_patch_is_left_out() -> None:
    values, _ = paint([Sheet(1, 2, Area())], torch.tensor([[1.0, 2.0, 99.0]]))
    assert values.tolist() == [[1, 2]]


def test_a_video_has_a_sheet_for_each_frame() -> None:
    frames = Frames(torch.zeros(3, 3, 16, 16), torch.tensor([3]))
    values, area = paint(sheets(CROP, frames, 16, 16, 4), torch.ones(3, 4))
    assert (values.tolist(), area) == ([[3, 3], [3, 3]], Area())


def test_a_tile_is_painted_in_its_place_and_the_whole_over_all() -> None:
    over = sheets(APART, APART([Image.new("RGB", (64, 32))]), 64, 32, 4)
    found = torch.zeros(3, 4)
    found[0, 0], found[2, 3] = 4.0, 1.0  # above on the left of the whole; below on the right of the second tile
    values, area = paint(over, found)
    assert area == Area()
    torch.testing.assert_close(values, torch.tensor([[2.0, 2.0, 0, 0], [0, 0, 0, 1.0]]))


def test_nothing_is_lost_or_made_where_grids_do_not_match() -> None:
    over = [Sheet(3, 3, Area()), Sheet(2, 5, Area(0.2, -0.1, 0.9, 0.7))]
    found = torch.rand(2, 10, generator=torch.Generator().manual_seed(0))
    values, _ = paint(over, found)
    assert float(values.sum()) == pytest.approx(float(found[0, :9].sum() + found[1].sum()), rel=1e-5)
