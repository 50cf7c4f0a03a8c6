"""What is frozen stays, is in the mode of what does not learn, and is free again behind the run."""

import pytest
from torch import nn

from seeread.errors import UsageError
from seeread.training.freezing import freeze, learn


def two_norms() -> nn.Module:
    return nn.ModuleDict({"one": nn.Sequential(nn.BatchNorm1d(2), nn.Dropout()), "other": nn.BatchNorm1d(2)})


def test_frozen_parts_do_not_learn_nor_drop_anything() -> None:
    model = two_norms()
    freeze(model, ["one"])
    learn(model)
    assert not model["one"].training and not model["one"][0].training and not model["one"][1].training
    assert model.training and model["other"].training


def test_a_part_with_something_free_learns() -> None:
    model = two_norms()
    freeze(model, ["one.0.weight"])
    learn(model)
    assert model["one"].training and model["one"][0].training and not model["one"][0].weight.requires_grad


def test_something_must_be_left() -> None:
    with pytest.raises(UsageError, match="nothing to train"):
        freeze(two_norms(), ["one", "other"])


def test_norms_that_are_kept_go_by_the_means_that_they_had() -> None:
    model = two_norms()
    learn(model, "keep")
    before = model["other"].running_mean.clone()
    model["other"](nn.init.normal_(model["other"].weight.new_empty(8, 2), mean=5.0)).sum().backward()
    assert before.equal(model["other"].running_mean) and model["other"].weight.grad is not None
    assert model["one"][1].training  # and all else learns as ever
    learn(model)
    assert model["other"].training and model["one"][0].training
