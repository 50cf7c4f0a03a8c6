"""Whatever happens to one rank of a run, it costs no more than the steps since the last checkpoint."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from seeread.training.keeping.checkpoint import latest
from seeread.training.keeping.stopping import SAVED_AND_STOPPED
from tests.training.ranks.accidents import LOST
from tests.training.ranks.company import Company, Left

MODULE = "tests.training.ranks.accidents"
RUNS = ("none", "killed", "killed sharded", "asked", "failed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all runs, each in a folder of its own."""
    return tmp_path_factory.mktemp("accidents")


@pytest.fixture(scope="module")
def ends(folder: Path) -> dict[str, list[Left]]:
    """How the processes of each run ended."""
    companies = {}
    for run in RUNS:
        (folder / run).mkdir()
        companies[run] = Company(2, MODULE, [run, str(folder / run)], folder)
    return {run: company.wait() for run, company in companies.items()}


def test_without_an_accident_a_run_comes_to_its_end(folder: Path, ends: dict[str, list[Left]]) -> None:
    assert [left.code for left in ends["none"]] == [0, 0], ends["none"][0].said
    assert checkpoint(folder / "none") == "step-00000012"


@pytest.mark.parametrize("run", ["killed", "killed sharded"])
def test_of_a_rank_that_is_killed_the_other_tells(
    run: str, folder: Path, ends: dict[str, list[Left]]
) -> None:
    survivor, killed = ends[run]
    assert killed.code == -9
    assert survivor.code == LOST, survivor.said
    assert "Rank 1 of 2 is gone: its process was killed" in survivor.said
    assert checkpoint(folder / run) == "step-00000008"


def test_what_is_wrong_on_one_rank_all_tell(folder: Path, ends: dict[str, list[Left]]) -> None:
    assert [left.code for left in ends["failed"]] == [LOST, LOST]
    first, failed = (left.said for left in ends["failed"])
    assert failed.strip().endswith("no such shard")
    assert "Rank 1 of 2 stopped with SeereadError: no such shard." in first
    assert checkpoint(folder / "failed") == "step-00000008"


def test_where_one_rank_is_asked_to_stop_all_stop_after_the_same_step(
    folder: Path, ends: dict[str, list[Left]]
) -> None:
    assert [left.code for left in ends["asked"]] == [SAVED_AND_STOPPED] * 2
    assert all("after step 6 of 12" in left.said for left in ends["asked"])
    assert checkpoint(folder / "asked") == "step-00000006"


def test_torchrun_goes_on_bit_for_bit(folder: Path, ends: dict[str, list[Left]]) -> None:
    """Where a rank was killed."""
    said = torchrun("none", folder / "killed")
    assert said.returncode == 0, said.stdout
    assert same(folder / "none", folder / "killed")


def test_a_run_that_was_stopped_goes_on_bit_for_bit(folder: Path, ends: dict[str, list[Left]]) -> None:
    for left in Company(2, MODULE, ["none", str(folder / "asked")], folder).wait():
        assert left.code == 0, left.said
    assert same(folder / "none", folder / "asked")


def test_a_run_that_was_sharded_goes_on_bit_for_bit(folder: Path, ends: dict[str, list[Left]]) -> None:
    """As one that was never killed, and, to rounding, as one that was not sharded, and one that recomputes."""
    runs = [("sharded", folder / "killed sharded"), ("sharded", folder / "whole")]
    runs.append(("sharded thrifty", folder / "thrifty"))
    for _, place in runs:
        place.mkdir(exist_ok=True)
    for company in [Company(2, MODULE, [run, str(place)], folder) for run, place in runs]:
        for left in company.wait():
            assert left.code == 0, left.said
    assert same(folder / "killed sharded", folder / "whole")
    assert same(folder / "none", folder / "whole", tolerance=1e-5)
    assert same(folder / "none", folder / "thrifty", tolerance=1e-5)


def torchrun(accident: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Two processes, as people start them."""
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node=2",
        "-m",
        MODULE,
    ]
    return subprocess.run(
        [*command, accident, str(place)],
        cwd=Path(__file__).parents[3],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        text=True,
        check=False,
        timeout=300,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def checkpoint(folder: Path) -> str:
    """The newest that is whole."""
    found = latest(folder / "run")
    return found.name if found else "none"


def same(one: Path, other: Path, tolerance: float = 0.0) -> bool:
    """The weights at the end."""
    first, second = (load_file(folder / "trained.safetensors") for folder in (one, other))
    return all(torch.allclose(first[name], second[name], rtol=0, atol=tolerance) for name in first)
