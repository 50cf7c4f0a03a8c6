"""Which pictures a step sees."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seeread.data.sampling import DistinctLabels, Shuffled


@given(st.integers(1, 50), st.integers(1, 70), st.integers(0, 5))
def test_every_picture_comes_once_an_epoch(count: int, batch: int, seed: int) -> None:
    sample = Shuffled(count, batch, seed)
    steps = -(-count * 3 // batch)
    seen = torch.cat([sample(step) for step in range(steps)])
    for epoch in range(3):
        assert sorted(seen[epoch * count : (epoch + 1) * count].tolist()) == list(range(count))


def test_epochs_differ_and_a_step_is_always_the_same() -> None:
    sample = Shuffled(100, 100, seed=1)
    assert not torch.equal(sample(0), sample(1))
    assert torch.equal(sample(1), Shuffled(100, 100, seed=1)(1))
    assert not torch.equal(sample(0), Shuffled(100, 100, seed=2)(0))


def test_labels_of_a_batch_are_distinct_and_all_pictures_have_their_turn() -> None:
    labels = torch.arange(60) % 6
    sample = DistinctLabels(labels, batch=6, seed=0)
    picked = [sample(step) for step in range(10)]
    assert all(labels[batch].unique().numel() == 6 for batch in picked)
    assert sorted(torch.cat(picked).tolist()) == list(range(60))


def test_a_batch_larger_than_the_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="there are 3"):
        DistinctLabels(torch.tensor([0, 1, 2]), batch=4, seed=0)
