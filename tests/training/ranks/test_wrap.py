"""As many ranks as there may be, and however they share a model: they learn what one process learns."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from seeread.training.ranks.world import World
from seeread.training.ranks.wrap import wrapped
from tests.training.ranks.company import Company
from tests.training.ranks.lessons import SETTINGS, Run
from tests.training.ranks.members import setting

CASES = {
    2: (
        "softmax, fsdp parts",
        "sigmoid, ddp parts",
        "llava, fsdp",
        "coca, fsdp parts",
        "llava, fsdp frozen",
    ),
    4: ("softmax, fsdp", "sigmoid, ddp", "llava, ddp parts", "coca, ddp"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what came of all runs."""
    folder = tmp_path_factory.mktemp("runs")
    extra = {2: ("llava blind, ddp", "llava blind, ddp parts", "softmax, fsdp bf16", "softmax, ddp bf16")}
    extra[2] += ("families", "blind")
    module = "tests.training.ranks.members"
    companies = [
        Company(size, module, [str(folder), *CASES[size], *extra.get(size, ())], folder) for size in CASES
    ]
    alone = Company(1, module, [str(folder), *CASES[2], *CASES[4], "llava blind, ddp parts"], folder)
    for company in [*companies, alone]:
        for left in company.wait():
            assert left.code == 0, left.said
    return folder


def test_one_process_is_left_as_it_is() -> None:
    model = torch.nn.Linear(2, 2)
    assert wrapped(model, SETTINGS, World()) is model


@pytest.mark.parametrize(("size", "case"), [(size, case) for size in CASES for case in CASES[size]])
def test_several_ranks_learn_what_one_learns(runs: Path, size: int, case: str) -> None:
    """All weights after five steps, and the loss and the norm of the gradient of each."""
    several, one = runs / f"{case} {size}.safetensors", runs / f"{case} 1.safetensors"
    # Muon rounds to bf16 within, which makes more of the last bit than other optimizers do.
    tolerance = 1e-3 if "muon" in case else 1e-5
    assert furthest(load_file(several), load_file(one)) < tolerance
    assert torch.allclose(figures(several), figures(one), rtol=tolerance, atol=0)


@pytest.mark.parametrize("case", ["llava blind, ddp", "llava blind, ddp parts"])
def test_one_rank_may_have_no_pictures_or_one_part_of_a_step(runs: Path, case: str) -> None:
    """The tower learns from those that have: half of the rows, in one part of two, on one rank of two, or on both."""
    one = load_file(runs / "llava blind, ddp parts 1.safetensors")
    assert furthest(load_file(runs / f"{case} 2.safetensors"), one) < 1e-5


def test_where_weights_are_spread_out_all_must_have_pictures_or_none(runs: Path) -> None:
    said = json.loads((runs / "blind.json").read_text())
    assert len(said) == 2 and all("sharding='ddp'" in each for each in said)


def test_in_bf16_both_ways_to_share_round_alike(runs: Path) -> None:
    several = [runs / f"softmax, {way} bf16 2.safetensors" for way in ("ddp", "fsdp")]
    assert torch.allclose(*map(figures, several), rtol=1e-3)
    assert furthest(load_file(several[0]), load_file(several[1])) < 2 * SETTINGS.rate


def test_every_family_can_be_spread_over_ranks(runs: Path) -> None:
    for family, difference in json.loads((runs / "families.json").read_text()).items():
        assert difference < 1e-3, family


def test_ranks_that_draw_the_same_are_not_one_process(runs: Path) -> None:
    """The comparison sees it where a rank learns from the rows of another."""
    run = Run("llava, ddp".split(",")[0], setting("ddp"), World())
    draw = run.goal.part
    run.goal.part = lambda step, first, count: draw(step, 0, count // 2)  # type: ignore[method-assign]
    run.steps(SETTINGS.steps)
    assert furthest(run.state(), load_file(runs / "llava, fsdp 1.safetensors")) > 1e-4


def furthest(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """Of all weights."""
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one if "/" not in name)


def figures(path: Path) -> Tensor:
    with safe_open(path, "pt") as file:
        return torch.tensor(json.loads(file.metadata()["figures"]))
