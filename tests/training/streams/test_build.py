"""Every goal and every family: a stream gives what the objective takes, and nothing else decides what it gives."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from seeread.errors import DataError, UsageError
from seeread.interface import Batch
from seeread.pretrained import Pretrained
from seeread.training.recipe import Goal, Portion
from seeread.training.streams.build import build_stream
from seeread.training.streams.dealing import Dealt
from tests.training.learners import LEARNERS
from tests.training.streams.makers import data, equal, json_of, settings, tensors, world

ALL = ("captions", "labels", "questions", "boxes")
GOALS: list[tuple[Goal, str]] = [
    ("contrast", "dual_encoder"),
    ("write", "llava"),
    ("write", "paligemma"),
    ("write", "pali"),
    ("write", "flamingo"),
    ("write", "fuyu"),
    ("write", "chameleon"),
    ("write", "hybrid"),
    ("contrast and write", "coca"),
    ("classify", "dual_encoder"),
]


def model(name: str) -> Pretrained:
    learner = LEARNERS[name]
    return learner.pretrained(learner.model())


@contextmanager
def stream(
    goal: Goal = "contrast", name: str = "dual_encoder", count: int = 20, **changes: Any
) -> Iterator[Dealt]:
    """Over a set of `count` items, in a batch of eight."""
    where = {key: changes.pop(key) for key in ("workers",) if key in changes}
    ranks = changes.pop("world", world())
    made = changes.pop("data", None) or [Portion(data=data(count, *ALL))]
    built = build_stream(model(name), made, goal, settings(**changes), ranks, **where)
    try:
        yield built
    finally:
        built.close()


@pytest.mark.parametrize(("goal", "name"), GOALS)
def test_the_objective_takes_what_the_stream_gives(goal: Goal, name: str) -> None:
    learner = LEARNERS[name]
    with stream(goal, name, workers=0, crop=1.0) as batches:
        batch = next(batches)
    assert [len(each) for each in tensors(batch)] == [8] * len(tensors(batch)) or goal == "write"
    if goal == "classify":
        assert batch[1].tolist() and set(batch[1].tolist()) <= {0, 1, 2}
    else:
        assert learner.objective(learner.model(), batch).isfinite()
    if goal == "write":
        assert isinstance(batch, Batch)


@pytest.mark.parametrize(("goal", "name"), [GOALS[0], GOALS[2], GOALS[8], GOALS[9]])
@pytest.mark.parametrize("workers", [0, 2, 4])
def test_restored_anywhere_it_gives_the_same(goal: Goal, name: str, workers: int) -> None:
    with stream(goal, name, count=7, workers=0) as whole:
        expected = [next(whole) for _ in range(9)]  # 72 examples: seven epochs and more of most goals
    for place in random.Random(workers).sample(range(1, 8), 3):
        with stream(goal, name, count=7, workers=workers) as first:
            for _ in range(place):
                next(first)
            state = json_of(first.state())
        with stream(goal, name, count=7, workers=workers) as second:
            next(second)  # it stood elsewhere before
            second.restore(state)
            assert all(equal(next(second), each) for each in expected[place:])


@pytest.mark.parametrize(("goal", "name"), [GOALS[0], GOALS[9]])
@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("parts", [1, 2])
def test_ranks_and_parts_share_the_same_examples(goal: Goal, name: str, ranks: int, parts: int) -> None:
    with stream(goal, name, count=7, workers=0) as whole:
        expected = [next(whole) for _ in range(3)]
    shares = []
    for rank in range(ranks):
        with stream(goal, name, count=7, workers=0, world=world(rank, ranks), accumulate=parts) as mine:
            shares.append([next(mine) for _ in range(3 * parts)])
    for step, batch in enumerate(expected):
        together = [tensors(share[step * parts + part])[0] for part in range(parts) for share in shares]
        assert torch.equal(torch.cat(together), tensors(batch)[0])


def test_a_run_goes_on_with_other_ranks_and_parts() -> None:
    with stream(workers=0, accumulate=2) as one:
        for _ in range(4):
            next(one)
        state = json_of(one.state())
        expected = torch.cat([next(one)[0], next(one)[0]])
    halves = []
    for rank in range(2):
        with stream(workers=0, world=world(rank, 2)) as other:
            other.restore(state)
            halves.append(next(other)[0])
    assert torch.equal(torch.cat(halves), expected)


def test_every_example_comes_once_an_epoch() -> None:
    with stream(
        "classify", count=24, data=[Portion(data=data(24, "labels"))], workers=0, crop=1.0
    ) as batches:
        seen = [torch.cat([next(batches)[0] for _ in range(3)]) for _ in range(2)]
    for epoch in seen:
        assert len({tuple(image.flatten().tolist()) for image in epoch}) == 24
    assert not torch.equal(*seen)


def test_the_seed_decides() -> None:
    with stream(workers=0) as one, stream(workers=0) as same, stream(workers=0, seed=1) as other:
        first = next(one)
        assert equal(first, next(same))
        assert not equal(first, next(other))


def test_the_seed_decides_what_comes_when_and_how_it_is_varied() -> None:
    def came(seed: int) -> list[str]:
        with stream(workers=0, seed=seed) as batches:
            return [batches._maker.order.unit(number, 0)[1].id for number in range(20)]

    assert came(0) == came(0) and sorted(came(0)) == sorted(came(1)) and came(0) != came(1)
    with stream(workers=0, count=1) as batches:  # one picture, again and again
        images, _ = next(batches)
    assert len({tuple(image.flatten().tolist()) for image in images}) == 8


def test_another_run_is_not_gone_on_with() -> None:
    with stream(workers=0) as one, stream(workers=0, seed=1) as seed, stream(workers=0, count=21) as larger:
        state = one.state()
        for other in (seed, larger):
            with pytest.raises(DataError, match="learned from other data"):
                other.restore(state)


def test_a_batch_must_be_divisible() -> None:
    with pytest.raises(UsageError, match="multiple of 6"), stream(world=world(0, 3), accumulate=2):
        pass


def test_nothing_to_learn_is_said_at_once() -> None:
    with (
        pytest.raises(DataError, match="which class a picture"),
        stream("classify", data=[Portion(data=data(4))]),
    ):
        pass
