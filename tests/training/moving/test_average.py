"""The running average of weights."""

import pytest
from torch import nn

from seeread.training.moving.average import WeightAverage


def test_the_average_forgets_its_start_and_then_follows_slowly() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 5.0)
    average = WeightAverage(model, decay=0.9)
    nn.init.constant_(model.weight, 1.0)
    average.update(model, 0)
    assert average.model.weight.item() == pytest.approx(1.4)  # of the start, 5, a tenth is left
    for step in range(1, 200):
        average.update(model, step)
    assert average.model.weight.item() == pytest.approx(1.0, abs=1e-6)
    nn.init.constant_(model.weight, 2.0)
    average.update(model, 200)
    assert average.model.weight.item() == pytest.approx(1.1)


def test_what_two_parts_share_is_averaged_once() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    average = WeightAverage(model, decay=0.5)
    nn.init.zeros_(average.model[0].weight)
    nn.init.ones_(model[0].weight)
    average.update(model, 100)
    assert average.model[1].weight is average.model[0].weight
    assert average.model[0].weight[0, 0].item() == 0.5


def test_what_is_frozen_is_held_once() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].requires_grad_(False)
    average = WeightAverage(model, decay=0.5)
    assert average.model[0].weight is model[0].weight and average.model[1].weight is not model[1].weight


def test_means_of_norms_are_averaged_and_what_counts_is_copied() -> None:
    model = nn.BatchNorm1d(1)
    average = WeightAverage(model, decay=0.5)
    model.running_mean.fill_(4.0)
    model.num_batches_tracked.fill_(7)
    average.update(model, 100)
    assert (average.model.running_mean.item(), average.model.num_batches_tracked.item()) == (2.0, 7)
