"""A run goes on where it stood, whatever the number of ranks is then, and however they share the model."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from seeread.errors import DataError
from seeread.training.ranks.world import World
from tests.training.ranks.company import Company
from tests.training.ranks.lessons import Run
from tests.training.ranks.members import same_state, setting


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two ranks found out."""
    folder = tmp_path_factory.mktemp("states")
    cases = ["messages", "resumed", "refused", "coca, fsdp", "coca, ddp"]
    for left in Company(2, "tests.training.ranks.members", [str(folder), *cases], folder).wait():
        assert left.code == 0, left.said
    return folder


@pytest.mark.parametrize("way", ["ddp ddp", "fsdp fsdp", "ddp fsdp", "fsdp ddp", "muon muon"])
def test_a_run_of_two_ranks_goes_on(found: Path, way: str) -> None:
    """Bit for bit, where it is shared out as before, and to the last bit or two where it is not."""
    taken_over, difference = json.loads((found / "resumed.json").read_text())[way]
    assert taken_over
    assert difference == 0 if len(set(way.split())) == 1 else difference < 1e-6


@pytest.mark.parametrize("way", ["ddp", "fsdp"])
def test_a_state_of_two_ranks_is_that_of_one_bit_for_bit(found: Path, way: str) -> None:
    state = load_file(found / f"coca, {way} 2.safetensors")
    run = Run("coca", setting("ddp"), World())
    run.restore(state, 5)
    assert same_state(state, run.state())
    assert {name.rpartition("/")[2] for name in state if "/" in name} == {"step", "exp_avg", "exp_avg_sq"}
    assert state.keys() >= dict(run.learner.named_parameters()).keys()


def test_what_does_not_fit_is_refused_on_all_ranks(found: Path) -> None:
    """And leaves all as it was; only the first rank has seen the state."""
    refused = json.loads((found / "refused.json").read_text())
    assert refused["same"]
    for said in refused["said"]:
        for reason, text in zip(
            (
                "has no model.similarity.log_scale", "has model.other", "(7,)",
                "elsewhere learned there, and does not learn here",
            ),
            said,
            strict=True,
        ):
            assert reason in text and "Train in another folder" in text


def test_one_process_refuses_as_well() -> None:
    run = Run("softmax", setting("ddp"), World())
    with pytest.raises(DataError, match="has no"):
        run.restore({}, 0)


def test_the_ranks_tell_each_other(found: Path) -> None:
    told = json.loads((found / "messages.json").read_text())
    assert told["rows"] == [[0, 1], [2, 3], [10, 11], [12, 13]]
    # Row n counts n on the first rank and 2n on the second: 3n in all, wherever it came from.
    assert told["gradients"] == [[[0, 0], [3, 3]], [[6, 6], [9, 9]]]
    assert told["mean"] == 0.5
    assert told["agreed"] == [True, False, True]
    assert told["objects"] == [{"é": [0]}, {"é": [1, 1]}]
    assert all("One rank has 2 rows and another 1" in said for said in told["uneven"])
    assert told["bytes"] == [1] * 6


def test_one_process_talks_to_itself() -> None:
    from seeread.training.ranks.gathering import agree, barrier, gather, gather_objects, mean

    rows = torch.randn(3, 2, requires_grad=True)
    assert gather(rows) is rows
    assert torch.equal(mean(rows), rows) and not mean(rows).requires_grad
    assert gather_objects({"a": (1, 2)}) == [{"a": [1, 2]}]
    assert agree(True) and not agree(False)
    barrier()
