"""Whatever happens to one rank, the others hear of it, say which it was, and end."""

import pytest

from tests.training.ranks.company import Company, Left
from tests.training.ranks.survivors import PATIENCE

SIZE = 3


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Left]]:
    """How the processes of several runs ended, of which some go on at once."""
    folder = tmp_path_factory.mktemp("said")
    companies = {
        accident: Company(SIZE, "tests.training.ranks.survivors", [accident], folder)
        for accident in ("killed", "silent", "failed", "first", "busy", "agreed")
    }
    return {
        accident: company.wait(unless=1 if accident == "silent" else None)
        for accident, company in companies.items()
    }


def test_a_rank_that_is_killed_is_named_by_the_others(ends: dict[str, list[Left]]) -> None:
    assert [left.code for left in ends["killed"]] == [3, -9, 3]
    for left in ends["killed"][0], ends["killed"][2]:
        assert "Rank 1 of 3 is gone: its process was killed" in left.said
        assert "it goes on from its last checkpoint" in left.said


def test_a_rank_that_hangs_ends_the_others_in_a_call_that_never_would(ends: dict[str, list[Left]]) -> None:
    """They wait for it for a minute by gloo's own patience; ours is that of the test, and a few seconds to leave."""
    first, hung, last = ends["silent"]
    assert hung.code == -9  # by the test: it slept until the end
    for left in first, last:
        assert left.code == 1
        assert f"Rank 1 of 3 was not heard for {PATIENCE:.0f} s" in left.said


@pytest.mark.parametrize(
    ("accident", "rank", "why"),
    [("failed", 1, "ValueError: no such shard"), ("first", 0, "ValueError: the disk is full")],
)
def test_the_error_of_one_rank_is_told_by_the_others(
    ends: dict[str, list[Left]], accident: str, rank: int, why: str
) -> None:
    for number, left in enumerate(ends[accident]):
        if number == rank:
            assert left.code == 4 and "Rank" not in left.said
        else:
            assert left.code == 3 and f"Rank {rank} of 3 stopped with {why}. Start" in left.said


def test_a_rank_that_is_busy_for_long_is_not_missed(ends: dict[str, list[Left]]) -> None:
    assert [left.code for left in ends["busy"]] == [0, 0, 0]


def test_when_all_stop_together_none_is_missed(ends: dict[str, list[Left]]) -> None:
    assert [left.code for left in ends["agreed"]] == [75, 75, 75]
    assert not any("Rank" in left.said for left in ends["agreed"])
