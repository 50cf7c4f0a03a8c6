"""LoRA changes nothing at first, learns in its additions alone, and merges into weights that compute the same."""

import copy

import pytest
import torch
from torch import nn

from seeread.errors import UsageError
from seeread.training.modes.kept import kept
from seeread.training.modes.lora import LoRA, add, additions, merge
from tests.training.learners import LEARNERS

WITH = [name for name in LEARNERS if name != "perceiver"]


def with_additions(name: str) -> nn.Module:
    model = LEARNERS[name].model().eval()
    torch.manual_seed(1)
    add(model, rank=3, alpha=6.0)
    return model


@pytest.mark.parametrize("name", LEARNERS)
def test_starts_as_if_it_were_not_there(name: str) -> None:
    learner = LEARNERS[name]
    with torch.inference_mode():
        assert torch.equal(learner.loss(with_additions(name)), learner.loss(learner.model().eval()))


@pytest.mark.parametrize("name", LEARNERS)
def test_merged_is_unmerged(name: str) -> None:
    learner, model = LEARNERS[name], with_additions(name)
    with torch.no_grad():
        for _, addition in additions(model):
            nn.init.normal_(addition.up.weight, std=0.1)
        before = learner.loss(model)
        names = learner.model().state_dict().keys()
        changed = {f"{where}.weight" for where, _ in additions(model)}
        merge(model)
        assert model.state_dict().keys() == names
        assert (learner.loss(model) - before).abs() < 1e-5 * before.abs()
        assert (learner.loss(learner.model().eval()) - before).abs() > 1e-4  # they did matter
        for where, start in learner.model().state_dict().items():
            assert torch.equal(start, model.state_dict()[where]) == (where not in changed)


@pytest.mark.parametrize("name", LEARNERS)
def test_stands_at_every_matrix_of_the_blocks(name: str) -> None:
    """And nowhere else: no embedding, connector, head, gate or pool."""
    places = dict(additions(with_additions(name)))
    model = LEARNERS[name].model()
    blocks = [
        path
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear)
        and ".blocks." in f".{path}."
        and path.rsplit(".", 2)[-2] in ("attention", "cross_attention", "mlp")
    ]
    assert places.keys() == set(blocks) and blocks
    assert all(addition.rank == 3 and addition.scale == 2.0 for addition in places.values())


def test_only_additions_learn() -> None:
    model = with_additions("llava")
    frozen = kept(model, "lora")
    parts = [
        name
        for name, _ in model.named_parameters()
        if not any(f"{name}.".startswith(f"{k}.") for k in frozen)
    ]
    assert all(name.endswith((".down.weight", ".up.weight")) for name in parts)
    assert len(parts) == 2 * len(list(additions(model)))


def test_sum_is_as_published() -> None:
    """W x + alpha / rank B A x."""
    torch.manual_seed(0)
    layer = nn.Linear(5, 4)
    addition = LoRA(copy.deepcopy(layer), rank=2, alpha=7.0)
    nn.init.normal_(addition.up.weight)
    x = torch.randn(3, 5)
    wanted = x @ layer.weight.T + layer.bias + 7.0 / 2 * (x @ addition.down.weight.T @ addition.up.weight.T)
    assert torch.allclose(addition(x), wanted, atol=1e-6)


@pytest.mark.parametrize(("rank", "alpha"), [(0, 1.0), (4, 0.0), (-1, 1.0)])
def test_refuses_what_makes_no_sense(rank: int, alpha: float) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        add(LEARNERS["llava"].model(), rank, alpha)


def test_needs_a_transformer() -> None:
    with pytest.raises(UsageError, match="no transformer"):
        add(nn.Sequential(nn.Linear(2, 2)), 2, 4.0)
