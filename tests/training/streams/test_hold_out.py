"""What is set aside: of each class, never with a copy on the other side, and always the same."""

import io
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seeread.data.duplicates import fingerprints
from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item
from seeread.errors import DataError, UsageError
from seeread.training.streams.hold_out import hold_out


def scene(number: int, quality: int = 95, size: int = 64) -> bytes:
    """A smooth picture, another for each number, as a JPEG."""
    coarse = numpy.random.default_rng(number).integers(0, 256, (8, 8, 3), numpy.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC).save(file, "JPEG", quality=quality)
    return file.getvalue()


def made(*items: Item) -> DataSet:
    return DataSet("made", Path("made"), "made", items, ("a", "b", "c"))


PICTURES = [
    Item(f"{number:02}.jpg", scene(number), "abc"[number % 3], (f"{number}",)) for number in range(30)
]
SET = made(*PICTURES)
SEEN = fingerprints([item.picture for item in PICTURES])


def ids(data: DataSet) -> set[str]:
    return {item.id for item in data.items}


def test_a_share_of_each_class_is_set_aside() -> None:
    training, held = hold_out(SET, 0.2, seed=0, most=100, known=SEEN)
    assert len(training) == 24 and len(held) == 6
    assert sorted(item.label or "" for item in held.items) == ["a", "a", "b", "b", "c", "c"]
    assert ids(training) | ids(held) == ids(SET) and not ids(training) & ids(held)
    assert [item.id for item in training.items] == sorted(ids(training))


def test_no_more_than_the_most() -> None:
    assert len(hold_out(SET, 0.5, seed=0, most=7, known=SEEN)[1]) == 7
    assert len(hold_out(SET, 0.5, seed=0, most=1, known=SEEN)[1]) == 1


def test_a_small_class_is_on_both_sides() -> None:
    rare = made(*PICTURES[0:28:3], PICTURES[1], PICTURES[4], PICTURES[2])
    training, held = hold_out(rare, 0.1, seed=3, most=100)
    labels = [{item.label for item in side.items} for side in (training, held)]
    assert labels == [{"a", "b", "c"}, {"a", "b"}]  # of c there is but one


@given(st.integers(0, 50))
def test_near_copies_stay_together(seed: int) -> None:
    training, held = hold_out(COPIED, 0.3, seed=seed, most=100, known=COPIES_SEEN)
    for side in (training, held):
        numbers = {item.id.split("-")[0] for item in side.items}
        assert {f"{number}-{copy}" for number in numbers for copy in range(2)} == ids(side)
    assert held.items


COPIED = made(
    *(
        Item(f"{number:02}-{copy}", scene(number, quality, size), "abc"[number % 3])
        for number in range(10)
        for copy, (quality, size) in enumerate(((95, 64), (50, 48)))
    )
)
COPIES_SEEN = fingerprints([item.picture for item in COPIED.items])


def test_the_same_file_in_two_rows_stays_together(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "blank.png")  # of which no fingerprint tells anything
    twice = [Item(f"row {row}", str(tmp_path / "blank.png"), "a") for row in range(2)]
    for seed in range(20):
        training, held = hold_out(made(*twice, *PICTURES[:9:3]), 0.4, seed=seed, most=9)
        assert {"row 0", "row 1"} <= ids(training) or {"row 0", "row 1"} <= ids(held)


@given(st.permutations(range(30)), st.integers(0, 3))
def test_order_does_not_matter(order: list[int], seed: int) -> None:
    mixed = made(*(PICTURES[place] for place in order))
    known = replace(SEEN, hashes=SEEN.hashes[order], thumbnails=SEEN.thumbnails[order], read=SEEN.read[order])
    assert ids(hold_out(mixed, 0.2, seed, 100, known=known)[1]) == ids(
        hold_out(SET, 0.2, seed, 100, known=SEEN)[1]
    )


def test_the_seed_matters() -> None:
    assert len({frozenset(ids(hold_out(SET, 0.2, seed, 100, known=SEEN)[1])) for seed in range(10)}) > 5


def test_what_cannot_be_opened_is_learned_from_or_skipped_there() -> None:
    broken = made(*PICTURES[:9], *(Item(f"x{number}", b"no picture", "a") for number in range(9)))
    for seed in range(10):
        assert not any(item.id.startswith("x") for item in hold_out(broken, 0.3, seed, 100)[1].items)


def test_impossible_wishes() -> None:
    for share, most in ((0.0, 5), (1.0, 5), (-1.0, 5), (0.5, 0)):
        with pytest.raises(UsageError, match="cannot be set aside"):
            hold_out(SET, share, 0, most, known=SEEN)
    for few in (made(PICTURES[0]), made(COPIED.items[0], COPIED.items[1])):
        with pytest.raises(DataError, match="none can be set aside"):
            hold_out(few, 0.2, 0, 100)
