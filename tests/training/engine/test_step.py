"""A step: parts add up, gradients are limited as a whole, and what is no number moves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.errors import SeereadError
from seeread.training.engine.step import backward, limit, limit_scales
from seeread.training.engine.trainer import train
from seeread.training.settings import Settings
from seeread.training.streams.stream import Steps
from tests.training.runs import SETTINGS, Told, batches, compare, fresh, same

NOT_A_NUMBER = float("nan")


def squares(model: nn.Module, batch: Tensor) -> Tensor:
    """A loss that is a mean over rows."""
    return model(batch).square().mean()


def rows(step: int, count: int = 8) -> Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(step))


def linear() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def test_four_parts_are_as_good_as_one(tmp_path: Path) -> None:
    settings = replace(SETTINGS, gradient_limit=0.05)
    whole, parts = Told(), Told()
    one = train(linear(), squares, Steps(rows), settings, tmp_path / "one", watchers=[whole])

    def part(number: int) -> Tensor:
        return rows(number // 4).chunk(4)[number % 4]

    four = train(
        linear(), squares, Steps(part), replace(settings, accumulate=4), tmp_path / "four", watchers=[parts]
    )
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(four.state_dict()[name], tensor, atol=1e-6, rtol=0, msg=name)
    for mine, other in zip(whole.moments, parts.moments, strict=True):
        assert mine.loss == pytest.approx(other.loss, abs=1e-6)
        assert mine.gradient == pytest.approx(other.gradient, abs=1e-6)


def test_an_objective_whose_parts_depend_on_each_other_goes_its_own_way_back() -> None:
    class Together:
        """The square of the sum of all rows, of all parts."""

        def __call__(self, model: nn.Module, batch: Tensor) -> Tensor:
            return model(batch).sum().square()

        def backward(self, learner: nn.Module, parts: Sequence[Any]) -> Tensor:
            loss = learner(torch.cat(list(parts)))
            loss.backward()
            return loss.detach()

    model, objective = nn.Linear(3, 1), Together()
    learner = Bound(model, objective)
    loss = backward(learner, objective, rows(0).chunk(4))
    assert loss.item() == pytest.approx(objective(model, rows(0)).item())


class Bound(nn.Module):
    """A model and its objective."""

    def __init__(self, model: nn.Module, objective: Any):
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Tensor) -> Tensor:
        return self.objective(self.model, batch)


def test_gradients_are_shortened_together_and_the_norm_is_what_it_was() -> None:
    weights = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))]
    weights[0].grad, weights[1].grad = torch.tensor([2.0, 3.0]), torch.tensor([6.0])
    assert limit(weights, 1.0).item() == 7.0
    assert weights[0].grad.tolist() == pytest.approx([2 / 7, 3 / 7], abs=1e-6)
    assert limit(weights, 5.0).item() == pytest.approx(1.0, abs=1e-6)
    assert weights[1].grad.item() == pytest.approx(6 / 7, abs=1e-6)  # short enough: as it was
    assert limit(weights, 0.7).item() == pytest.approx(1.0, abs=1e-6)
    assert weights[1].grad.item() == pytest.approx(0.6, abs=1e-5)


@pytest.mark.parametrize("shape", [(), (1,)])
def test_only_scales_are_limited(shape: tuple[int, ...]) -> None:
    model = nn.Module()
    model.log_scale, model.bias = (nn.Parameter(torch.full(shape, 9.0)) for _ in range(2))
    limit_scales(model, 100.0)
    assert model.log_scale.exp().item() == pytest.approx(100.0, rel=1e-5) and model.bias.item() == 9.0
    assert model.log_scale.shape == shape


class Spoiled:
    """An objective that at some of its calls gives no number, or the gradient of none."""

    def __init__(self, calls: Sequence[int], how: str):
        self.calls, self.how, self.count = calls, how, 0

    def __call__(self, model: nn.Module, batch: Any) -> Tensor:
        self.count += 1
        loss = compare(model, batch)
        if self.count - 1 not in self.calls:
            return loss
        match self.how:
            case "loss":
                return loss * NOT_A_NUMBER
            case "infinite":
                return loss + float("inf")
            case "gradient":
                loss.register_hook(lambda gradient: gradient * NOT_A_NUMBER)
                return loss
        weight = next(model.parameters())
        weight.register_hook(lambda gradient: gradient.index_fill(0, torch.tensor(0), NOT_A_NUMBER))
        return loss


@pytest.mark.parametrize("how", ["loss", "infinite", "gradient", "one weight's"])
def test_what_is_no_number_moves_nothing(how: str, tmp_path: Path) -> None:
    model, told = fresh(), Told()
    settings = replace(SETTINGS, steps=1, average=None)
    train(model, Spoiled([0], how), Steps(batches), settings, tmp_path, watchers=[told])
    assert same(model, fresh())
    assert [moment.skipped for moment in told.moments] == [True]


def test_one_part_that_is_no_number_is_enough(tmp_path: Path) -> None:
    model, told = fresh(), Told()
    settings = replace(SETTINGS, steps=2, average=None, accumulate=3)
    snapshots = []

    class Snaps(Told):
        def stepped(self, moment: Any, model: nn.Module) -> None:
            snapshots.append({name: tensor.clone() for name, tensor in model.state_dict().items()})

    train(model, Spoiled([4], "loss"), Steps(batches), settings, tmp_path, watchers=[told, Snaps()])
    assert [moment.skipped for moment in told.moments] == [False, True]
    assert all(torch.equal(tensor, snapshots[0][name]) for name, tensor in snapshots[1].items())


def test_the_run_goes_on_behind_a_bad_step_as_if_it_had_been_none(tmp_path: Path) -> None:
    """Moments and averages have nothing of it; the data and the rate go on."""
    model = train(fresh(), Spoiled([3, 4, 8], "gradient"), Steps(batches), SETTINGS, tmp_path)
    assert all(tensor.isfinite().all() for tensor in model.state_dict().values())
    assert not same(model, fresh())


def test_too_many_bad_steps_in_a_row_end_the_run_and_say_where_it_stood(tmp_path: Path) -> None:
    settings, told = replace(SETTINGS, save_every=2, bad_steps=3, average=None), Told()
    model = fresh()
    with pytest.raises(
        SeereadError, match=r"Stopped after step 8: 3 steps in a row .*lower rate.*step-00000006"
    ):
        train(
            model, Spoiled([3, 5, 6, 7], "loss"), Steps(batches), settings, tmp_path / "run", watchers=[told]
        )
    assert [moment.step for moment in told.moments if moment.skipped] == [4, 6, 7, 8]
    assert told.reasons[0] is not None and "3 steps in a row" in told.reasons[0]
    with pytest.raises(SeereadError, match="No checkpoint was saved yet"):
        train(fresh(), Spoiled(range(9), "loss"), Steps(batches), SETTINGS, tmp_path / "other")


def test_bad_steps_are_counted_on_by_a_run_that_goes_on(tmp_path: Path) -> None:
    settings = replace(SETTINGS, bad_steps=3, average=None)
    train(
        fresh(),
        Spoiled([3, 4], "loss"),
        Steps(batches),
        replace(settings, steps=5, schedule="constant"),
        tmp_path,
    )
    with pytest.raises(SeereadError, match="after step 6: 3 steps in a row"):
        train(fresh(), Spoiled([0], "loss"), Steps(batches), replace(settings, schedule="constant"), tmp_path)


def test_norms_keep_nothing_of_a_batch_that_is_no_number(tmp_path: Path) -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2))
    settings = Settings(steps=3, rate=1e-2, precision="fp32", average=0.9)

    def spoiled(step: int) -> Tensor:
        return rows(step) * (NOT_A_NUMBER if step == 1 else 1)

    trained = train(model, squares, Steps(spoiled), settings, tmp_path)
    assert model[0].num_batches_tracked == 2 and model[0].running_mean.isfinite().all()
    assert all(tensor.isfinite().all() for tensor in trained.state_dict().values())


def test_a_step_is_told_in_figures_that_make_sense(tmp_path: Path) -> None:
    told = Told()
    train(fresh(), compare, Steps(batches), SETTINGS, tmp_path, watchers=[told])
    first, last = told.moments[0], told.moments[-1]
    assert first.loss == pytest.approx(compare(fresh(), batches(0)).item(), abs=1e-5)
    assert (first.rate, told.moments[2].rate) == pytest.approx((1e-3, 3e-3))
    assert first.scale == pytest.approx(1 / 0.07, rel=0.01) and last.scale != first.scale
    for moment in told.moments:
        assert 0 < moment.seconds < 60 and 0 <= moment.waited <= 1 and moment.gradient > 0
        assert moment.images_per_second == pytest.approx(4 / moment.seconds)
        assert moment.utilisation is None  # of a CPU nobody knows the peak
