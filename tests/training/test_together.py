"""Two processes make the run that one would, to rounding, and what is no number on one of them moves neither."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from seeread.training.keeping.checkpoint import latest, read_checkpoint
from seeread.training.ranks.world import World
from tests.training.ranks.company import Company
from tests.training.together import CASES, run


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes have made all runs."""
    folder = tmp_path_factory.mktemp("together")
    for left in Company(2, "tests.training.together", [str(folder), *CASES], folder).wait():
        assert left.code == 0, left.said
    return folder


@pytest.mark.parametrize("case", list(CASES))
def test_two_processes_make_the_run_of_one(case: str, both: Path, tmp_path: Path) -> None:
    trained, told = run(case, tmp_path, World())
    first, second = (load_file(both / f"{case} of {rank}.safetensors") for rank in (0, 1))
    near = 1e-3 if case == "muon sharded" else 1e-6  # Muon multiplies parts of matrices in bf16
    for name, tensor in trained.state_dict().items():
        torch.testing.assert_close(first[name], tensor, atol=near, rtol=1e-5, msg=name)
        assert torch.equal(first[name], second[name])
    figures, measured = json.loads((both / f"{case} of 0.json").read_text())
    for moment, (loss, gradient, skipped, images) in zip(told.moments, figures, strict=True):
        assert moment.skipped == skipped == (case.startswith("spoiled") and moment.step == 3)
        assert images == pytest.approx(8)
        if not skipped:
            assert (loss, gradient) == pytest.approx((moment.loss, moment.gradient), rel=100 * near)
    assert measured == pytest.approx(
        [moment.figures["weight"] for moment in told.moments if moment.figures], rel=100 * near
    )


def test_only_the_first_is_told(both: Path) -> None:
    assert json.loads((both / "plain of 1.json").read_text()) == [[], []]


@pytest.mark.parametrize("case", ["plain", "sharded", "muon"])
def test_what_two_have_saved_one_goes_on_with(case: str, both: Path, tmp_path: Path) -> None:
    whole, _ = run(case, tmp_path / "whole", World())
    place = both / f"{case} 2"
    newest = latest(place)
    assert newest is not None and newest.name == "step-00000006"
    saved = read_checkpoint(newest)
    assert any(name.startswith("optimizer/") for name in saved.tensors)
    assert len(saved.notes["chance"]) == 2
    newest.rename(tmp_path / "away")
    (tmp_path / f"{case} 1").mkdir()
    (place / "checkpoints").rename(tmp_path / f"{case} 1" / "checkpoints")
    trained, told = run(case, tmp_path, World())
    assert [moment.step for moment in told.moments] == [4, 5, 6]
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(trained.state_dict()[name], tensor, atol=1e-6, rtol=1e-5, msg=name)
