"""The loop: it learns, goes on exactly where it stopped, and refuses to learn nonsense."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from seeread.errors import DataError, UsageError
from seeread.models.dual_encoder import DualEncoder
from seeread.training.keeping.checkpoint import checkpoints
from seeread.training.moving.average import WeightAverage
from seeread.training.streams.stream import Steps
from seeread.training.trainer import train
from tests.tiny import tiny_config
from tests.training.runs import SETTINGS, Told, batches, compare, fresh


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
