"""Between two states: both ends exact, the middle the mean, whole numbers from the nearer end."""

import pytest
import torch
from torch import nn

from seeread.errors import UsageError
from seeread.training.modes.interpolate import between


def norms(seed: int) -> dict[str, torch.Tensor]:
    """Of a batch norm that has seen something."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    for _ in range(seed + 1):
        model(torch.randn(8, 3) + seed)
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


OLD, NEW = norms(1), norms(5)


def test_ends_are_exact() -> None:
    for share, end in ((0.0, OLD), (1.0, NEW)):
        found = between(OLD, NEW, share)
        assert found.keys() == end.keys()
        assert all(torch.equal(found[name], end[name]) for name in end)
        assert all(found[name].data_ptr() != end[name].data_ptr() for name in end)


def test_ends_are_exact_in_double_precision() -> None:
    old, new = ({name: value.double() / 3 for name, value in state.items()} for state in (OLD, NEW))
    assert all(torch.equal(between(old, new, 1)[name], new[name]) for name in new)
    assert all(torch.equal(between(old, new, 0)[name], old[name]) for name in old)


def test_middle() -> None:
    quarter = between(OLD, NEW, 0.25)
    for name in OLD:
        if OLD[name].is_floating_point():  # running means and variances among them
            assert torch.allclose(quarter[name], 0.75 * OLD[name] + 0.25 * NEW[name], atol=1e-6)
    counts = [int(between(OLD, NEW, share)["1.num_batches_tracked"]) for share in (0.25, 0.49, 0.51)]
    assert counts == [2, 2, 6]


def test_comes_in_the_precision_of_the_new() -> None:
    old, new = {"w": torch.tensor([1.0])}, {"w": torch.tensor([1.0009765625 + 1], dtype=torch.float16)}
    assert between(old, new, 0.5)["w"].dtype == torch.float16
    assert between(old, new, 1.0)["w"].equal(new["w"])


def test_states_stay_as_they_are() -> None:
    before = {name: value.clone() for name, value in OLD.items()}
    between(OLD, NEW, 0.5)["0.weight"].zero_()
    assert all(torch.equal(OLD[name], before[name]) for name in OLD)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_refuses_other_shares(share: float) -> None:
    with pytest.raises(UsageError, match="lies outside"):
        between(OLD, NEW, share)


def test_refuses_other_models() -> None:
    with pytest.raises(UsageError, match=r"two different models: 0\.bias"):
        between({name: value for name, value in OLD.items() if name != "0.bias"}, NEW, 0.5)
    with pytest.raises(UsageError, match="two different models"):
        between(OLD | {"0.weight": torch.zeros(2, 2)}, NEW, 0.5)
