"""Shards that are read while a model learns from them: the same rules as for any set, and nothing is looked through
without need."""

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
import torch

from seeread.data.sets.layouts import webdataset
from seeread.errors import DataError, UsageError
from seeread.training.recipe import Portion
from seeread.training.streams import shards
from seeread.training.streams.build import build_stream
from seeread.training.streams.dealing import Dealt
from seeread.training.streams.shards import shards_at
from seeread.training.streams.units import Unit
from tests.tiny import tiny_model
from tests.training.streams.makers import data, equal, json_of, settings, tar, world

MODEL = tiny_model()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven shards of unequal size, read three at a time."""
    monkeypatch.setattr(shards, "MOST_READ", 0)
    monkeypatch.setattr(shards, "TOGETHER", 3)
    start = 0
    for number, count in enumerate((3, 5, 1, 4, 2, 6, 4)):
        tar(tmp_path / f"{number:05}.tar", range(start, start + count))
        start += count
    (tmp_path / "classnames.txt").write_text("cat\ndog\nfox\n")
    return tmp_path


def stream(folder: Path, rank: int = 0, ranks: int = 1, workers: int = 0, **changes: object) -> Dealt:
    return build_stream(
        MODEL,
        [Portion(data=str(folder))],
        "contrast",
        settings(**changes),
        world(rank, ranks),
        workers=workers,
    )


def units(built: Dealt, count: int) -> list[Unit]:
    return [built._maker.order.unit(number, 0)[1] for number in range(count)]


def test_every_example_once_an_epoch_in_another_order(folder: Path) -> None:
    seen = [unit.id for unit in units(stream(folder), 75)]
    for epoch in (seen[:25], seen[25:50], seen[50:]):
        assert len(set(epoch)) == 25
    assert seen[:25] != seen[25:50]
    assert [unit.id for unit in units(stream(folder, seed=1), 25)] != seen[:25]


def test_shards_are_shuffled_among_each_other(folder: Path) -> None:
    built = stream(folder)
    came = [unit.id.split(":")[0] for unit in units(built, 25)]
    together = list(dict.fromkeys(came))[:3]
    inside = came[: sum(came.count(name) for name in together)]
    assert set(inside) == set(together)  # three of them come to their end before another begins
    assert inside != sorted(inside, key=inside.index)


@pytest.mark.parametrize("workers", [0, 3])
def test_restored_mid_shard_and_across_epochs(folder: Path, workers: int) -> None:
    whole = stream(folder)
    expected = [next(whole) for _ in range(12)]
    for place in (1, 3, 4, 7, 11):
        first = stream(folder, workers=workers)
        for _ in range(place):
            next(first)
        state = json_of(first.state())
        first.close()
        second = stream(folder, workers=workers)
        second.restore(state)
        assert all(equal(next(second), each) for each in expected[place:])
        second.close()


def test_what_lies_before_is_not_looked_through_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = stream(folder)
    for _ in range(20):  # 160 examples: more than six epochs
        next(first)
    state = json_of(first.state())
    read: list[str] = []
    members = webdataset._members
    monkeypatch.setattr(
        webdataset, "_members", lambda path, *rest: read.append(path.name) or members(path, *rest)
    )
    second = stream(folder)
    second.restore(state)
    batch = next(second)
    assert len(read) <= 6  # one or two times three, and not six times seven
    assert equal(batch, next(first))


def test_ranks_take_their_share(folder: Path) -> None:
    whole = stream(folder)
    expected = [next(whole)[0] for _ in range(4)]
    ranks = [stream(folder, rank, 4) for rank in range(4)]
    for each in expected:
        assert torch.equal(torch.cat([next(rank)[0] for rank in ranks]), each)


def test_classes_by_their_list(folder: Path) -> None:
    portions = [Portion(data=str(folder))]
    built = build_stream(MODEL, portions, "classify", settings(crop=1.0), workers=0)
    _, numbers = next(built)
    told = [int(unit.item.label == "dog") + 2 * (unit.item.label == "fox") for unit in units(built, 8)]
    assert numbers.tolist() == told
    (folder / "classnames.txt").unlink()
    with pytest.raises(DataError, match="which class"):
        build_stream(MODEL, portions, "classify", settings(), workers=0)


def test_beside_other_sets_shards_need_a_weight(folder: Path) -> None:
    other = Portion(data=data(5))
    with pytest.raises(UsageError, match="must be given one"):
        build_stream(MODEL, [Portion(data=str(folder)), other], "contrast", settings(), workers=0)
    both = [Portion(data=str(folder), weight=1.0), Portion(data=data(5), weight=3.0)]
    mixed = build_stream(MODEL, both, "contrast", settings(), workers=0)
    counts = Counter("tar" in unit.id for unit in units(mixed, 4096))
    assert counts[True] == 1024


def test_of_a_cut_shard_what_is_whole_is_learned_from(folder: Path) -> None:
    tar(folder / "00005.tar", range(15, 21), whole=False)
    built = stream(folder)
    for _ in range(4):
        next(built)
    assert "what follows is not read" in built.trouble["00005.tar"]
    assert 22 <= len({unit.id for unit in units(built, 60)}) < 25


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100, None])
def test_a_shard_that_holds_nothing_stops_the_run_by_its_name(folder: Path, content: bytes | None) -> None:
    built = stream(folder, workers=2)
    if content is None:
        (folder / "00003.tar").unlink()
    else:
        (folder / "00003.tar").write_bytes(content)
    with pytest.raises(DataError, match=r"00003\.tar"):
        list(islice(built, 8))
    built.close()


def test_small_sets_are_looked_through_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shards_at(folder) is not None
    monkeypatch.undo()
    assert shards_at(folder) is None
