"""The loop: it learns, goes on exactly where it stopped, and refuses to learn nonsense."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seeread.errors import DataError, UsageError
from seeread.models.dual_encoder import DualEncoder
from seeread.training.engine.trainer import train
from seeread.training.keeping.checkpoint import checkpoints
from seeread.training.moving.average import WeightAverage
from seeread.training.streams.stream import Steps
from seeread.training.watching.watcher import Moment
from tests.tiny import tiny_config
from tests.training.runs import SETTINGS, Told, batches, compare, fresh, same


class KilledError(Exception):
    """The run was ended from outside."""


def test_it_learns(tmp_path: Path) -> None:
    model = train(fresh(), compare, Steps(batches), replace(SETTINGS, steps=60), tmp_path)
    images, tokens = batches(999)
    assert model(images, tokens).argmax(1).tolist() == [0, 1, 2, 3]
    assert not model.training


def test_what_a_run_gave_can_be_trained_on(tmp_path: Path) -> None:
    first = train(fresh(), compare, Steps(batches), SETTINGS, tmp_path / "first")
    before = {name: tensor.clone() for name, tensor in first.named_parameters()}
    second = train(first, compare, Steps(batches), SETTINGS, tmp_path / "second")
    assert not any(
        torch.equal(tensor, before[name]) for name, tensor in second.named_parameters() if tensor.ndim > 1
    )


def test_a_run_that_was_killed_ends_bit_for_bit_as_one_that_was_not(tmp_path: Path) -> None:
    def die_at_nine(step: int) -> tuple[Tensor, Tensor]:
        if step == 9:
            raise KilledError
        return batches(step)

    settings = replace(SETTINGS, save_every=4)
    whole = train(fresh(), compare, Steps(batches), settings, tmp_path / "whole")
    with pytest.raises(KilledError):
        train(fresh(), compare, Steps(die_at_nine), settings, tmp_path / "killed")
    torch.manual_seed(77)
    other_start = DualEncoder(tiny_config())
    resumed = train(other_start, compare, Steps(batches), settings, tmp_path / "killed")
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    assert [path.name for path in checkpoints(tmp_path / "killed")] == [
        f"step-{step:08d}" for step in (12, 8, 4)
    ]


def test_what_was_measured_is_told(tmp_path: Path) -> None:
    settings = replace(SETTINGS, measure_every=5)
    told = Told()
    train(
        fresh(), compare, Steps(batches), settings, tmp_path,
        measure=lambda step, model: {"score": step * 2.0}, watchers=[told],
    )  # fmt: skip
    assert [moment.step for moment in told.moments] == list(range(1, 13))
    assert {moment.step: moment.figures["score"] for moment in told.moments if moment.figures} == {
        5: 10,
        10: 20,
        12: 24,
    }
    assert all(0 < moment.loss < 10 for moment in told.moments)
    assert (told.beginning.step, told.reasons) == (0, [None])


def test_the_state_of_another_model_is_refused(tmp_path: Path) -> None:
    train(fresh(), compare, Steps(batches), replace(SETTINGS, steps=1), tmp_path)
    with pytest.raises(DataError, match="this is the state of a run of another model"):
        train(nn.Linear(3, 3), compare, Steps(batches), replace(SETTINGS, steps=1), tmp_path)


def test_the_temperature_is_capped(tmp_path: Path) -> None:
    model = fresh()
    nn.init.constant_(model.similarity.log_scale, 9.0)
    train(model, compare, Steps(batches), replace(SETTINGS, steps=1), tmp_path)
    assert model.similarity.log_scale.exp().item() == pytest.approx(100.0, rel=1e-4)


def test_the_average_is_told_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    monkeypatch.setattr(WeightAverage, "update", lambda self, model, step: steps.append(step))
    train(fresh(), compare, Steps(batches), SETTINGS, tmp_path)
    assert steps == list(range(SETTINGS.steps))


@pytest.mark.parametrize(
    "frozen",
    [("text",), ("text.embedding", "vision.class_token"), ("similarity", "vision.transformer.blocks")],
)
def test_frozen_parts_are_left_as_they_are(frozen: tuple[str, ...], tmp_path: Path) -> None:
    model = fresh()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train(model, compare, Steps(batches), replace(SETTINGS, frozen=frozen), tmp_path)
    for name, tensor in model.named_parameters():
        held = any(name == part or name.startswith(f"{part}.") for part in frozen)
        assert held == torch.equal(tensor, before[name]) or name.endswith("key.bias"), name
        assert tensor.requires_grad  # again: what is frozen is for the settings of each run to say


def test_frozen_parts_are_as_when_they_do_not_learn(tmp_path: Path) -> None:
    """Of a ResNet the norms then keep their means."""
    modes: list[tuple[bool, ...]] = []

    def objective(model: nn.Module, batch: object) -> Tensor:
        modes.append(
            tuple(model.get_submodule(name).training for name in ("", "vision", "vision.transformer", "text"))
        )
        return compare(model, batch)

    train(fresh(), objective, Steps(batches), replace(SETTINGS, steps=1, frozen=("vision",)), tmp_path)
    assert modes == [(True, False, False, True)]


def test_what_is_not_there_cannot_be_frozen(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"no part named towers, vison to freeze\. Its largest are vision, image_pool"
    ):
        train(
            fresh(),
            compare,
            Steps(batches),
            replace(SETTINGS, frozen=("vison", "text", "towers")),
            tmp_path,
        )
    parts = tuple(name for name, _ in fresh().named_children())
    with pytest.raises(UsageError, match="nothing to train"):
        train(fresh(), compare, Steps(batches), replace(SETTINGS, frozen=parts), tmp_path)


@pytest.mark.parametrize("average", [0.9, None])
def test_nothing_that_watchers_or_measures_do_changes_the_run(average: float | None, tmp_path: Path) -> None:
    class Meddler(Told):
        """Draws from everybody's chance, and leaves the model in a mode of its own."""

        def stepped(self, moment: Moment, model: nn.Module) -> None:
            assert not model.training
            random.random(), np.random.random(), torch.rand(3)
            torch.manual_seed(moment.step)
            model.train()
            model.vision.eval()

    def measure(step: int, model: nn.Module) -> dict[str, float]:
        return {"score": torch.rand(1).item() + random.random()}

    def noisy(step: int) -> tuple[Tensor, Tensor]:
        images, tokens = batches(step)
        return images + random.random() * torch.randn(images.shape) * np.random.random(), tokens

    settings = replace(SETTINGS, average=average, patch_dropout=0.5, measure_every=2, save_every=5)
    ends = []
    for name, watchers, asked in (("plain", [], None), ("watched", [Meddler()], measure)):
        random.seed(1), np.random.seed(2)
        out = tmp_path / name
        ends.append(train(fresh(), compare, Steps(noisy), settings, out, measure=asked, watchers=watchers))
    assert same(*ends)


def test_a_run_goes_on_bit_for_bit_with_all_there_is(tmp_path: Path) -> None:
    """Its average, Muon's momentum, patches that are dropped, parts, and chance of all kinds."""

    def die_at_nine(part: int) -> tuple[Tensor, Tensor]:
        if part == 18:
            raise KilledError
        return noised(part)

    settings = replace(
        SETTINGS,
        save_every=4,
        accumulate=2,
        optimizer="muon",
        patch_dropout=0.5,
        recompute=True,
        schedule="wsd",
    )
    random.seed(1), np.random.seed(2)
    with pytest.raises(KilledError):
        train(fresh(), compare, Steps(die_at_nine), settings, tmp_path / "killed")
    random.seed(7)
    resumed = train(fresh(), compare, Steps(noised), settings, tmp_path / "killed")
    random.seed(1), np.random.seed(2)
    whole = train(fresh(), compare, Steps(noised), settings, tmp_path / "whole")
    assert same(whole, resumed)


def noised(step: int) -> tuple[Tensor, Tensor]:
    images, tokens = batches(step)
    return images + random.random() * np.random.random(), tokens


def test_a_parameter_that_nothing_needs_is_no_obstacle_to_going_on(tmp_path: Path) -> None:
    """It has no gradient, and the optimizer remembers nothing of it."""
    model = fresh()
    model.spare = nn.Linear(2, 2)
    train(model, compare, Steps(batches), replace(SETTINGS, steps=4, schedule="constant"), tmp_path)
    told = Told()
    train(model, compare, Steps(batches), replace(SETTINGS, schedule="constant"), tmp_path, watchers=[told])
    assert told.beginning.step == 4


def test_without_an_average_the_model_itself_comes_back(tmp_path: Path) -> None:
    model = fresh()
    assert train(model, compare, Steps(batches), replace(SETTINGS, average=None, steps=2), tmp_path) is model
    assert not model.training and all(weight.requires_grad for weight in model.parameters())


def test_the_beginning_counts_what_is_there_and_what_learns(tmp_path: Path) -> None:
    told, model = Told(), fresh()
    settings = replace(SETTINGS, steps=1, frozen=("text",))
    train(model, compare, Steps(batches), settings, tmp_path, watchers=[told])
    count = sum(weight.numel() for weight in model.parameters())
    assert told.beginning.parameters == count
    assert told.beginning.learning == count - sum(weight.numel() for weight in model.text.parameters())
    assert (told.beginning.out, told.beginning.ranks) == (tmp_path, 1)


def test_why_a_run_ended_is_told(tmp_path: Path) -> None:
    told = Told()

    def failing(step: int) -> tuple[Tensor, Tensor]:
        raise KilledError("the disk is gone")

    with pytest.raises(KilledError):
        train(fresh(), compare, Steps(failing), SETTINGS, tmp_path, watchers=[told])
    assert told.reasons == ["the disk is gone"]


def test_a_run_that_is_over_is_over(tmp_path: Path) -> None:
    first = train(fresh(), compare, Steps(batches), SETTINGS, tmp_path)
    told = Told()
    assert same(first, train(fresh(), compare, Steps(batches), SETTINGS, tmp_path, watchers=[told]))
    assert not told.moments and told.beginning.step == 12


def test_each_broken_example_is_told_once_also_by_a_run_that_goes_on(tmp_path: Path) -> None:
    class Broken(Steps):
        @property
        def trouble(self) -> dict[str, str]:
            return {f"picture {number}": "it is cut" for number in range(0, self.given, 5)}

    first, second = Told(), Told()
    settings = replace(SETTINGS, schedule="constant")
    train(fresh(), compare, Broken(batches), replace(settings, steps=7), tmp_path, watchers=[first])
    train(fresh(), compare, Broken(batches), settings, tmp_path, watchers=[second])
    moments = [*first.moments, *second.moments]
    assert [[*moment.trouble] for moment in moments if moment.trouble] == [
        ["picture 0"], ["picture 5"], ["picture 10"]
    ]  # fmt: skip
    assert {moment.step: moment.broken for moment in moments if moment.trouble} == {1: 1, 6: 2, 11: 3}


def test_the_model_learns_on_in_its_mode_behind_those_who_looked_at_it(tmp_path: Path) -> None:
    modes = []

    def asked(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        modes.append((model.training, model.vision.training, model.text.training))
        return compare(model, batch)

    settings = replace(SETTINGS, average=None, frozen=("text",), steps=3, measure_every=1)
    train(fresh(), asked, Steps(batches), settings, tmp_path, measure=lambda step, model: {})
    assert modes == [(True, True, False)] * 3
