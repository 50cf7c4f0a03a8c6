"""What is learned from is what the model will be shown, but for what is varied on purpose."""

import io
import random
from pathlib import Path

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seeread.data.sets.item import Item
from seeread.errors import ImageError
from seeread.preprocessing.lines import LineTransform
from seeread.preprocessing.processor import Processor
from seeread.preprocessing.tiles import TileTransform
from seeread.preprocessing.transform import ImageTransform, PatchTransform, Transform
from seeread.training.streams.pictures import Pictures, Variation, _part
from tests.training.streams.makers import equal, picture

SIZES = [(24, 20), (100, 60), (16, 16), (7, 40), (300, 200)]
TRANSFORMS: list[Transform] = [
    *(ImageTransform(size=(16, 16), mode=mode) for mode in ("crop", "squash", "pad", "square", "cut")),
    ImageTransform(size=(16, 24), interpolation="bilinear", mean=(0.1, 0.5, 0.7), std=(0.3, 0.5, 1.0)),
    ImageTransform(size=(16, 16), short_side=20, rounding="down"),
    PatchTransform(patch_size=4, max_patches=30),
    TileTransform(side=16, grids=((1, 2), (2, 1)), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    LineTransform(patch_size=8, most=(16, 16)),
]


def photo(number: int, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(picture(number, size))).save(file, "JPEG", quality=90)
    return file.getvalue()


def items(tmp_path: Path) -> list[Item]:
    """As bytes, as files and as what Pillow opened."""
    found = []
    for number, size in enumerate(SIZES):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(photo(number, size))
        found += [Item(path.name, str(path)), Item(f"{number}", picture(number, size))]
    return [*found, Item("opened", Image.open(io.BytesIO(picture(9))))]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("room", [0, 2**20])
def test_what_is_not_varied_is_what_the_processor_makes_bit_for_bit(
    transform: Transform, room: int, tmp_path: Path
) -> None:
    processor, all_items = Processor(transform, None), items(tmp_path)
    pictures = Pictures(processor, None, room)
    expected = processor.images([item.source for item in all_items])
    if isinstance(transform, PatchTransform | LineTransform):
        expected = transform.load([item.source for item in all_items], exact=True)
    for _ in range(2):  # the second time they are kept
        shown = [pictures(item, random.Random(0)) for item in all_items]
        assert equal(pictures.images(shown), expected)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_what_is_kept_changes_nothing(transform: Transform, tmp_path: Path) -> None:
    all_items = items(tmp_path)
    kept, opened = (Pictures(Processor(transform, None), Variation(), room) for room in (2**20, 0))
    for turn in range(3):
        for item in all_items:
            one, other = (each(item, random.Random(turn)) for each in (kept, opened))
            assert numpy.array_equal(one, other)  # type: ignore[arg-type]
    assert kept._kept and not opened._kept
    images = kept.images([kept(item, random.Random(1)) for item in all_items])
    assert len(images) == len(all_items)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    pictures = Pictures(Processor(TRANSFORMS[0], None), None, room=2000)
    for number in range(5):
        pictures(Item(f"{number}", picture(number)), random.Random(0))
    assert len(pictures._kept) == 2 and pictures.room == 2000 - 2 * 16 * 16 * 3


def halves(left: int, right: int) -> Item:
    pixels = numpy.full((16, 16, 3), left, numpy.uint8)
    pixels[:, 8:] = right
    return Item("halves", pixels)


def test_left_and_right_stay_where_a_text_speaks_of_them() -> None:
    pictures = Pictures(Processor(TRANSFORMS[0], None), Variation(area=1.0, stretch=1.0), 0)
    item = halves(0, 255)

    def mirrored(text: str) -> int:
        shown = [pictures(item, random.Random(seed), text) for seed in range(40)]
        return sum(int(numpy.asarray(each)[0, 0, 0]) > 128 for each in shown)

    assert 10 < mirrored("a dog") < 30
    assert mirrored("A dog on the Left.") == mirrored("it turns right") == 0
    assert 10 < mirrored("a bright cleft") < 30


@settings(max_examples=200)
@given(
    st.integers(1, 500), st.integers(1, 500), st.sampled_from([None, (16, 16), (16, 48)]), st.floats(0.05, 1.0),
    st.integers(0, 1000),
)  # fmt: skip
def test_parts_lie_within_and_are_as_large_as_they_must_be(
    height: int, width: int, shape: tuple[int, int] | None, area: float, seed: int
) -> None:
    left, upper, right, lower = _part(height, width, shape, Variation(area=area), random.Random(seed))
    assert 0 <= left < right <= width and 0 <= upper < lower <= height
    rows, columns = float(height), float(width)
    if shape is not None:
        share = min(height / shape[0], width / shape[1])
        rows, columns = shape[0] * share, shape[1] * share
    if min(rows, columns) > 50:
        share = (right - left) * (lower - upper) / (rows * columns)
        assert area * 0.8 <= share <= 1.02


def test_every_place_of_a_picture_is_seen() -> None:
    found = [_part(100, 100, None, Variation(area=0.3), random.Random(seed)) for seed in range(200)]
    assert min(box[0] for box in found) == 0 and max(box[2] for box in found) == 100
    assert min(box[1] for box in found) == 0 and max(box[3] for box in found) == 100
    assert len({box[2] - box[0] for box in found}) > 20


def test_a_broken_picture_is_an_error() -> None:
    with pytest.raises(ImageError):
        Pictures(Processor(TRANSFORMS[0], None), None)(Item("x", picture(0)[:50]), random.Random(0))


def test_normalised_is_contiguous() -> None:
    pictures = Pictures(Processor(TRANSFORMS[0], None), Variation())
    images = pictures.images([pictures(Item("x", picture(0)), random.Random(seed)) for seed in range(3)])
    assert isinstance(images, torch.Tensor) and images.is_contiguous() and images.dtype == torch.float32
