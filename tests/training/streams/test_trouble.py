"""What is broken is replaced, told and limited, and changes nothing for the others."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from seeread.data.sets.dataset import DataSet
from seeread.data.sets.item import Item, Question
from seeread.errors import DataError
from seeread.pretrained import Pretrained
from seeread.training.recipe import Goal, Portion
from seeread.training.streams import dealing
from seeread.training.streams.build import build_stream
from seeread.training.streams.dealing import Dealt
from tests.tiny import tiny_model
from tests.training.learners import LEARNERS
from tests.training.streams.makers import data, equal, json_of, picture, settings, tensors

MODEL = tiny_model()


def stream(sets: DataSet, workers: int = 0, goal: Goal = "contrast", **changes: object) -> Dealt:
    return build_stream(
        MODEL, [Portion(data=sets)], goal, settings(**{"broken_limit": 0.2, **changes}), workers=workers
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_a_broken_example_changes_nothing_for_the_others(workers: int) -> None:
    whole, cut = stream(data(30)), stream(data(30, broken=[4, 17]), workers)
    changed = 0
    for _ in range(15):
        for one, other in zip(next(whole)[0], next(cut)[0], strict=True):
            changed += not torch.equal(one, other)
    assert changed == 8  # 120 examples are four epochs
    assert set(cut.trouble) == {"004.png", "017.png"} and cut.broken == 8
    assert "damaged" in cut.trouble["004.png"]
    cut.close()


def test_it_is_replaced_by_the_next_one() -> None:
    cut = stream(data(30, broken=[4]), crop=1.0)
    order = cut._maker.order
    [place] = [number for number in range(30) if order.unit(number, 0)[1].id == "004.png"]
    taken = [number for number in range(60) if order.unit(number, 0)[1].id == order.unit(place, 1)[1].id]
    images = torch.cat([next(cut)[0] for _ in range(8)])
    assert torch.equal(images[place], images[taken[0]]) and taken[0] in (place + 1, 0)


def test_trouble_is_told_when_it_is_given_and_kept_in_the_state() -> None:
    expected = stream(data(30, broken=[4, 17]))
    batches = [next(expected) for _ in range(6)]
    counts = []
    first = stream(data(30, broken=[4, 17]), workers=2)
    for _ in range(3):
        next(first)
        counts.append((first.broken, len(first.trouble)))
    state = json_of(first.state())
    assert state["trouble"]["seen"] == 24 and state["trouble"]["missed"] == counts[-1][0]
    second = stream(data(30, broken=[4, 17]))
    second.restore(state)
    assert all(equal(next(second), each) for each in batches[3:])
    assert second.broken == expected.broken and second.trouble == expected.trouble
    first.close()


def test_too_much_stops_the_run_and_names_the_first() -> None:
    bad = stream(data(300, broken=range(0, 300, 10)), broken_limit=0.05)
    with pytest.raises(DataError, match=r"(?s)examples are broken, more than 5\.00%.*\d\d\d\.png: .*damaged"):
        list(islice(bad, 40))
    assert bad._trouble.seen >= 100
    enough = stream(data(300, broken=range(0, 300, 10)), broken_limit=0.2)
    list(islice(enough, 40))
    assert len(enough.trouble) == 30


def test_one_is_never_too_much_and_a_small_set_is_judged_whole() -> None:
    one = stream(data(10, broken=[3]), broken_limit=0.0)
    list(islice(one, 20))
    assert len(one.trouble) == 1
    two = stream(data(10, broken=[3, 4]), broken_limit=0.1)
    with pytest.raises(DataError, match="examples are broken"):
        list(islice(two, 3))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_set_that_is_all_broken_stops_at_once(workers: int) -> None:
    for count in (3, 200):
        bad = stream(data(count, broken=range(count)), workers=workers, broken_limit=1.0)
        with pytest.raises(DataError, match="in a row are broken"):
            next(bad)
        bad.close()


@pytest.mark.parametrize(
    ("captions", "why"),
    [(("  ",), "empty"), (("x" * 2**20,), "1,048,576 characters")],
)
def test_texts_that_nobody_meant(captions: tuple[str, ...], why: str) -> None:
    sets = data(20)
    sets = replace(sets, items=(replace(sets.items[0], captions=captions), *sets.items[1:]))
    built = stream(sets)
    list(islice(built, 5))
    assert why in built.trouble["000.png"]


def test_pictures_that_are_gone(tmp_path: Path) -> None:
    items = []
    for number in range(20):
        path = tmp_path / f"{number}.png"
        path.write_bytes(picture(number))
        items.append(Item(path.name, str(path), captions=("a photo",)))
    sets = DataSet("disk", tmp_path, "made", tuple(items))
    (tmp_path / "3.png").unlink()
    (tmp_path / "5.png").write_bytes(b"")
    (tmp_path / "7.png").write_text("<html>no picture</html>")
    built = stream(sets)
    list(islice(built, 5))
    assert set(built.trouble) == {"3.png", "5.png", "7.png"}


def writer(items: Sequence[Item], workers: int = 0) -> Dealt:
    learner = LEARNERS["llava"]
    model: Pretrained = learner.pretrained(learner.model())
    sets = DataSet("talk", Path("talk"), "made", tuple(items))
    return build_stream(model, [Portion(data=sets)], "write", settings(broken_limit=0.2), workers=workers)


@pytest.mark.parametrize("workers", [0, 2])
def test_dialogues_that_are_too_long_for_the_model(workers: int) -> None:
    long = Question("why? " * 1000, ("so",), "long")
    items = [
        Item(
            f"{number}", picture(number), questions=(long if number == 3 else Question("why?", ("so",), "q"),)
        )
        for number in range(20)
    ]
    built = writer(items, workers)
    batches = list(islice(built, 5))
    assert all(len(tensors(batch)[0]) == 8 for batch in batches)
    assert "the model reads at most" in built.trouble["3"] and built.broken == 2
    built.close()


def test_dialogues_that_are_all_too_long_stop_the_run() -> None:
    long = Question("why? " * 1000, ("so",), "long")
    with pytest.raises(DataError, match=r"in a row are broken.*reads at most"):
        next(writer([Item(f"{number}", picture(number), questions=(long,)) for number in range(3)]))


def test_what_was_found_when_the_set_was_read_is_told() -> None:
    built = stream(replace(data(20), broken={"row 7": "it is no row"}))
    assert built.trouble == {"row 7": "it is no row"}


def test_bugs_are_not_taken_for_broken_data(monkeypatch: pytest.MonkeyPatch) -> None:
    built = stream(data(20))

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(dealing.Teaching, "example", fail)
    with pytest.raises(MemoryError):
        next(built)
