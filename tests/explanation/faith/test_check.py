"""Maps that are right are believed, others are not: of a target of which it is known where it looks."""

from dataclasses import replace

import pytest
import torch

from seeread.errors import UsageError
from seeread.explanation.faith.check import check
from seeread.explanation.heatmap import Area
from seeread.explanation.target import AnyTarget
from tests.explanation.faith.planted import Looking, asked, looking, map_of, noise

CORNER = Area(0, 0, 0.25, 0.25)
RIGHT = Area(0.5, 0.25, 1, 0.75)
ALL = Area()


@pytest.mark.parametrize("part", [CORNER, RIGHT, Area(0.25, 0.75, 0.5, 1)])
def test_the_right_map_is_believed_and_its_opposite_is_not(part: Area) -> None:
    right = map_of(part)
    found, opposite = check(looking(part), [(right, ALL)])[0], check(looking(part), [(1 - right, ALL)])[0]
    assert found.believed and found.score > 0.55
    assert not opposite.believed and opposite.score == pytest.approx(-found.score, abs=0.2)
    assert set(found.controls) == {"random", "centre", "edges"}
    assert found.verdict.startswith("Faithful here") and opposite.verdict.startswith("Not to be believed")


def test_each_map_belongs_to_its_own_score() -> None:
    maps = [(map_of(CORNER), ALL), (map_of(RIGHT), ALL)]
    target = looking(CORNER, RIGHT)
    assert [each.believed for each in check(target, maps)] == [True, True]
    assert [each.believed for each in check(target, maps[::-1])] == [False, False]


def test_several_methods_share_the_controls() -> None:
    right, wrong = (map_of(RIGHT), ALL), (map_of(CORNER), ALL)
    target = looking(RIGHT)
    both = check(target, [right, wrong])
    alone = check(looking(RIGHT), [right])
    assert both[0] == alone[0] and not both[1].believed
    assert sum(asked(target)) == 2 + 2 * 5 * (12 + 2 + 2)


def test_where_a_map_lies_on_the_picture_counts() -> None:
    """The same numbers, over the middle of a wide picture only, as of a model that cut it out."""
    part = Area(0.25, 0, 0.5, 0.5)
    target = looking(part, width=128)
    quarter = torch.zeros(4, 4)
    quarter[:2, :2] = 1
    there, stretched = check(target, [(quarter, Area(0.25, 0, 0.75, 1)), (quarter, ALL)])
    assert there.believed and there.score > stretched.score + 0.1


def test_what_says_the_same_whatever_it_sees_is_not_believed() -> None:
    class Deaf(Looking):
        def score(self, images: torch.Tensor) -> torch.Tensor:
            return super().score(images) * 0.01

    target: AnyTarget = Deaf(noise(), [RIGHT])  # type: ignore[assignment]
    verdict = check(target, [(map_of(RIGHT), ALL)])[0]
    assert verdict.score > 0.55 and not verdict.believed
    assert "says the same" in verdict.verdict


def test_a_map_without_any_difference_is_not_believed() -> None:
    assert not check(looking(CORNER), [(torch.zeros(3, 3), ALL)])[0].believed


def test_is_the_same_again() -> None:
    maps = [(torch.rand(5, 7, generator=torch.Generator().manual_seed(1)), ALL)]
    assert check(looking(RIGHT), maps) == check(looking(RIGHT), maps)


def test_tells_how_far_it_is() -> None:
    seen: list[int] = []

    def progress(batches: object) -> object:
        assert isinstance(batches, (list, tuple))
        for batch in batches:
            seen.append(len(batch))
            yield batch

    check(looking(RIGHT), [(map_of(RIGHT), ALL)], steps=4, random_maps=2, progress=progress)  # type: ignore[arg-type]
    assert sum(seen) == 2 + 2 * 3 * (2 + 2 + 1)


def test_refuses_what_does_not_fit() -> None:
    right = map_of(RIGHT)
    with pytest.raises(UsageError, match="3 maps cannot belong to 2 scores"):
        check(looking(RIGHT, CORNER), [(right, ALL)] * 3)
    with pytest.raises(UsageError, match="finite"):
        check(looking(RIGHT), [(right / 0, ALL)])
    with pytest.raises(UsageError, match="finite"):
        check(looking(RIGHT), [(right[0], ALL)])
    with pytest.raises(UsageError, match="at least 2 steps"):
        check(looking(RIGHT), [(right, ALL)], steps=1)


def test_a_verdict_names_the_best_control() -> None:
    verdict = check(looking(CORNER), [(map_of(CORNER), ALL)])[0]
    worse = replace(verdict, controls={"random": 0.1, "edges": 0.9}, believed=False)
    assert "(edges) reaches 0.90" in worse.verdict
