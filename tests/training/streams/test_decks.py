"""The order in which examples come: each once an epoch, and one class once a step."""

from collections import Counter

import torch
from hypothesis import given
from hypothesis import strategies as st

from seeread.data.sampling import BLOCK, Mixed
from seeread.training.streams.build import _steps
from seeread.training.streams.decks import SetDeck, spread
from seeread.training.streams.units import units_of
from tests.training.streams.makers import data

KINDS = st.lists(st.sampled_from([None, "a", "b", "c", "d", "e"]), max_size=60)


@given(KINDS, st.integers(1, 9), st.integers(1, 9))
def test_all_come_once_whatever_the_kinds(kinds: list[str | None], first: int, size: int) -> None:
    order = list(range(len(kinds)))
    sizes = [min(first, len(order))]
    while sum(sizes) < len(order):
        sizes.append(min(size, len(order) - sum(sizes)))
    assert sorted(spread(order, kinds, sizes)) == order
    assert spread(order, [None] * len(order), sizes) == order


def deck(per_class: int, classes: int, batch: int, seed: int = 0) -> SetDeck:
    units = units_of(data(per_class * classes).items, "contrast", None, None)
    kinds = [f"{place % classes}" for place in range(len(units))]
    mixed = Mixed([1.0], seed)
    return SetDeck("set", units, seed, kinds, lambda first, count: _steps(mixed, 0, batch, first, count))


def test_one_class_once_a_step() -> None:
    dealt, batch = deck(per_class=6, classes=20, batch=7), 7
    places = {id(item): place % 20 for place, item in enumerate(dealt.units.items)}  # type: ignore[attr-defined]
    several = 0
    for step in range(50):
        there = Counter(places[id(dealt.unit(turn).item)] for turn in range(step * batch, (step + 1) * batch))
        across = (
            step * batch // 120 != ((step + 1) * batch - 1) // 120
        )  # two epochs know nothing of each other
        ending = (step + 1) * batch % 120 in range(
            1, 2 * batch
        )  # nor is there much left to choose from before that
        if not across and not ending:
            several += max(there.values()) > 1
    assert several == 0
    plain = SetDeck("set", dealt.units, 0)
    found = [
        max(Counter(places[id(plain.unit(turn).item)] for turn in range(step * 7, step * 7 + 7)).values())
        for step in range(16)
    ]
    assert max(found) > 1  # it is not so by itself


def test_rare_classes_do_not_come_first_where_there_are_few() -> None:
    kinds = ["rare" if place % 10 == 0 else "often" for place in range(400)]
    order = torch.randperm(400, generator=torch.Generator().manual_seed(0)).tolist()
    spreaded = spread(order, kinds, [8] * 50)
    early = sum(kinds[place] == "rare" for place in spreaded[:200])
    assert 14 <= early <= 26


@given(st.integers(0, 3 * BLOCK), st.integers(1, 700), st.integers(0, 2))
def test_numbers_are_the_way_back_from_turns(first: int, count: int, which: int) -> None:
    numbers = MIXED.numbers(which, first, count)
    assert len(numbers) == count
    for turn in (0, count - 1):
        assert MIXED(int(numbers[turn])) == (which, first + turn)
    alone = Mixed([2.0], 0).numbers(0, first, count)
    assert torch.equal(alone, torch.arange(first, first + count))


MIXED = Mixed([1.0, 2.5, 0.3], 5)


def test_weights_are_kept() -> None:
    counts = Counter(Mixed([3.0, 1.0], 0)(number)[0] for number in range(BLOCK))
    assert counts == {0: 3072, 1: 1024}
