"""What is frozen stays, is in the mode of what does not learn, and is free again behind the run."""

from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import nn

from seeread.errors import UsageError
from seeread.training.engine.freezing import freeze, learn
from seeread.training.engine.trainer import train
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps


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


@pytest.mark.parametrize("norms", ["keep", "learn"])
def test_a_run_keeps_norms_if_it_is_told_so(norms: Literal["keep", "learn"], tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    settings = Settings(steps=2, rate=1e-3, norms=norms, average=None, precision="fp32")
    trained = train(
        model, lambda module, batch: module(batch).square().sum(), Steps(lambda step: torch.full((4, 2), step + 5.0)),
        settings, tmp_path,
    )  # fmt: skip
    assert (trained[1].running_mean.abs().sum().item() == 0.0) == (norms == "keep")
