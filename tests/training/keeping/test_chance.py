"""All generators go on from where they were."""

import json
import random

import numpy as np
import pytest
import torch

from seeread.training.keeping.chance import chance, restore_chance


def draw() -> list[float]:
    return [
        torch.rand(()).item(),
        torch.randn(3).sum().item(),
        random.random(),
        random.gauss(0, 1),
        np.random.random(),
        np.random.standard_normal(),
    ]


@pytest.mark.parametrize("drawn", [0, 1, 5, 700])
def test_all_generators_go_on_from_where_they_were(drawn: int) -> None:
    for _ in range(drawn):
        draw()
    state = json.loads(json.dumps(chance()))
    first = [draw() for _ in range(3)]
    assert [draw() for _ in range(3)] != first
    restore_chance(state)
    assert [draw() for _ in range(3)] == first


def test_looking_changes_nothing() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    chance()
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_generator_of_the_device_goes_on_from_where_it_was() -> None:
    torch.rand(3, device="cuda")
    state = json.loads(json.dumps(chance()))
    first = torch.rand(5, device="cuda")
    restore_chance(state)
    assert torch.equal(torch.rand(5, device="cuda"), first)
