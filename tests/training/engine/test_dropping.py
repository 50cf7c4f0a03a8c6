"""Patches that are left out: some of them, others each time, and those that stay know where they lie."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from seeread.errors import UsageError
from seeread.training.engine.dropping import dropping, some
from seeread.training.engine.trainer import train
from seeread.training.streams.stream import Steps
from tests.training.learners import LEARNERS
from tests.training.runs import SETTINGS, Told, batches, compare, fresh, same


@pytest.mark.parametrize("first", [0, 1])
def test_half_of_the_patches_stay_in_their_order_behind_the_class_token(first: int) -> None:
    tokens = torch.arange(9.0 + first).view(1, -1, 1).expand(200, -1, 4)
    kept = some(tokens, 0.5, first)
    assert kept.shape == (200, 4 + first, 4)  # 4.5, rounded to even
    places = kept[..., 0]
    assert (places[:, :first] == 0).all()
    assert (places.diff() > 0).all() and places[:, first:].min() >= first
    counts = places[:, first:].flatten().long().bincount(minlength=9 + first)[first:]
    assert counts.min() > 50 and len({tuple(row) for row in places.tolist()}) > 50


def test_one_patch_always_stays() -> None:
    assert some(torch.zeros(2, 5, 3), 0.99, 1).shape == (2, 2, 3)


def test_what_stays_has_the_position_of_its_place() -> None:
    """Read where blocks begin, each row is one of those that are there when nothing is left out."""
    model, (images, _) = fresh().train(), batches(0)
    read: list[Tensor] = []
    model.vision.transformer.blocks[0].register_forward_pre_hook(lambda block, given: read.append(given[0]))
    model.vision(images)
    with dropping(model, 0.5):
        model.vision(images)
    whole, part = read
    assert whole.shape[1] == 5 and part.shape[1] == 3
    for image in range(len(images)):
        assert torch.equal(part[image, 0], whole[image, 0])
        places = [(whole[image] == row).all(1).nonzero().item() for row in part[image]]
        assert places == sorted(set(places)) and places[0] == 0


def test_nothing_is_dropped_with_a_share_of_none_nor_when_it_does_not_learn(tmp_path: Path) -> None:
    model, (images, _) = fresh(), batches(0)
    with torch.no_grad():
        whole = model.train().vision(images)
        with dropping(model, 0.0):
            assert torch.equal(model.vision(images), whole)
        with dropping(model.eval(), 0.5):
            assert torch.equal(model.vision(images), whole)
        with dropping(model.train(), 0.5):
            assert model.vision(images).shape[1] == 3
        assert torch.equal(model.vision(images), whole)


def test_a_run_that_drops_patches_learns_and_is_always_the_same(tmp_path: Path) -> None:
    settings = replace(SETTINGS, patch_dropout=0.5, save_every=5)
    told = Told()
    once = train(fresh(), compare, Steps(batches), settings, tmp_path / "once", watchers=[told])
    torch.manual_seed(99)
    twice = train(fresh(), compare, Steps(batches), settings, tmp_path / "twice")
    assert same(once, twice) and told.moments[-1].loss < told.moments[0].loss
    assert not same(once, train(fresh(), compare, Steps(batches), SETTINGS, tmp_path / "whole"))
    other = replace(settings, seed=1)
    assert not same(once, train(fresh(), compare, Steps(batches), other, tmp_path / "other"))


@pytest.mark.parametrize("name", ["llava", "paligemma", "language_model"])
def test_where_every_patch_has_its_place_none_can_be_left_out(name: str) -> None:
    with (
        pytest.raises(UsageError, match=r"cannot learn with patch_dropout 0\.5"),
        dropping(LEARNERS[name].model(), 0.5),
    ):
        pass


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(UsageError, match="from 0, below 1"), dropping(fresh(), share):
        pass


def test_contrast_and_captions_can_be_learned_from_some_of_the_patches() -> None:
    learner = LEARNERS["coca"]
    model = learner.model().train()
    with dropping(model, 0.5):
        learner.loss(model).backward()
    assert all(p.grad is not None for p in nn.ModuleList([model.get_submodule("vision")]).parameters())
