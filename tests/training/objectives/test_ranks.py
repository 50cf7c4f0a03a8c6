"""Losses across ranks: 2 and 4 processes find the loss and the gradients that one finds of the whole step."""

from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from seeread.training.ranks.world import World
from tests.training.objectives.member import OBJECTIVES, VECTORS, all_of
from tests.training.ranks.company import Company

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@cache
def alone() -> dict[str, Tensor]:
    return all_of(World())


def of(case: str, found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(f"{case}: "): each for name, each in found.items() if name.startswith(f"{case}: ")
    }


@pytest.mark.parametrize("size", [2, 4])
def test_ranks_find_what_one_process_finds(size: int, tmp_path: Path) -> None:
    for left in Company(size, "tests.training.objectives.member", [str(tmp_path)], tmp_path).wait():
        assert left.code == 0, left.said
    torch.testing.assert_close(load_file(tmp_path / "found.safetensors"), alone(), **CLOSE)


@pytest.mark.parametrize("case", OBJECTIVES)
def test_one_process_finds_the_same_in_parts(case: str) -> None:
    whole = of(f"{case} in 1", alone())
    assert len(whole) > 10
    torch.testing.assert_close(of(f"{case} in 2", alone()), whole, **CLOSE)


@pytest.mark.parametrize("case", VECTORS[:2])
def test_tiles_find_what_the_whole_matrix_gives(case: str) -> None:
    plain = of(f"vectors, {case}, plain", alone())
    torch.testing.assert_close(of(f"vectors, {case}", alone()), plain, **CLOSE)
    weights = of(f"{case}, plain in 1", alone())
    torch.testing.assert_close(of(f"{case} in 1", alone()), weights, **CLOSE)
