"""How a process joins its run: alone, or as its environment says, which must say all of it."""

import socket

import pytest
import torch

from seeread.errors import UsageError
from seeread.training.ranks.start import NAMES, start, stop
from seeread.training.ranks.world import World

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No torchrun around the tests."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def surrounded(monkeypatch: pytest.MonkeyPatch, **variables: object) -> None:
    usual = {"RANK": 0, "WORLD_SIZE": 2, "LOCAL_RANK": 0, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 1}
    for name, value in (usual | variables).items():
        if value is not None:
            monkeypatch.setenv(name, str(value))


def test_alone() -> None:
    world = start(CPU)
    assert world == World() and world.first
    stop(world)


def test_torchrun_with_one_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    surrounded(monkeypatch, WORLD_SIZE=1)
    assert start(CPU) == World()


@pytest.mark.parametrize("name", NAMES)
def test_half_of_an_environment_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    surrounded(monkeypatch, **{name: None})
    with pytest.raises(UsageError, match=f"{name} is not in its environment. Start the run with torchrun"):
        start(CPU)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"RANK": "first"}, "RANK should be a number, and is 'first'"),
        ({"WORLD_SIZE": -2}, "WORLD_SIZE should be a number, and is '-2'"),
        ({"RANK": 2}, "RANK is 2, but of 2 processes the last is number 1"),
        ({"MASTER_PORT": "door"}, "MASTER_PORT should be a number"),
    ],
)
def test_nonsense_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, object], reason: str
) -> None:
    surrounded(monkeypatch, **variables)
    with pytest.raises(UsageError, match=reason):
        start(CPU)


@pytest.mark.parametrize("rank", [0, 1])
def test_others_that_never_come_are_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    surrounded(monkeypatch, RANK=rank, MASTER_PORT=port)
    with pytest.raises(
        UsageError, match=rf"Process {rank} of 2 could not meet the others at 127.0.0.1:{port}"
    ):
        start(CPU, meeting=1)
    assert not torch.distributed.is_initialized()
