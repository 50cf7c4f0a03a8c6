"""Groups of pictures, and their names."""

import pytest
import torch
import torch.nn.functional as F

from seeread.spaces.clusters import cluster, named


def around(middles: torch.Tensor, count: int, noise: float = 0.05, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    spread = noise * torch.randn(len(middles) * count, middles.shape[1], generator=random)
    return F.normalize(middles.repeat_interleave(count, 0) + spread, dim=-1)


def test_finds_what_stands_apart() -> None:
    middles = torch.eye(16)[:9]  # one of the numbers that are tried for so many points
    groups = cluster(around(middles, 40))
    assert [len(group) for group in groups] == [40] * 9
    assert all(len({int(place) // 40 for place in group}) == 1 for group in groups)


def test_as_many_as_are_asked_for_the_largest_first() -> None:
    vectors = torch.cat([around(torch.eye(8)[:1], 30), around(torch.eye(8)[1:2], 50, seed=1)])
    groups = cluster(vectors, 2)
    assert [len(group) for group in groups] == [50, 30]
    assert sorted(torch.cat(groups).tolist()) == list(range(80))


def test_the_most_usual_comes_first() -> None:
    vectors = around(torch.eye(4)[:2], 20, noise=0.02)
    vectors[3] = F.normalize(torch.tensor([1.0, 0.0, 0.9, 0.0]), dim=0)
    group = next(group for group in cluster(vectors, 2) if 3 in group.tolist())
    assert int(group[-1]) == 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_pictures(count: int) -> None:
    groups = cluster(F.normalize(torch.randn(count, 4), dim=-1))
    assert sum(map(len, groups)) == count


def test_equal_pictures_are_one_group() -> None:
    groups = cluster(torch.eye(4)[:1].repeat(10, 1), 3)
    assert sum(map(len, groups)) == 10


def test_the_same_every_time() -> None:
    vectors = F.normalize(torch.randn(200, 8, generator=torch.Generator().manual_seed(3)), dim=-1)
    assert [g.tolist() for g in cluster(vectors, seed=5)] == [g.tolist() for g in cluster(vectors, seed=5)]


def test_names_fit_and_are_not_shared() -> None:
    """Words lie far from pictures, on the other side of a gap: names are found all the same."""
    axes = torch.eye(8)
    gap = 2 * axes[7]
    vectors = F.normalize(around(axes[:3], 20) + gap, dim=-1)
    words = F.normalize(torch.cat([axes[:3] - gap, axes[4:5] - gap, axes[5:6] + 0.3 * gap]), dim=-1)
    groups = cluster(vectors, 3)
    names = ["red", "green", "blue", "of nothing", "closest to all of them"]
    found = named(vectors, groups, names, words)
    assert {one.name for one in found} == {"red", "green", "blue"}
    for one in found:
        assert names.index(one.name) == one.members[0] // 20
        assert one.fit == 1.0
        assert len(one.names) == len(set(one.names)) == 3


def test_two_groups_that_one_name_fits_best() -> None:
    """The one it fits best has it."""
    points = [[1.0, 0.1, 0.0], [1.0, 0.12, 0.0], [0.7, 0.7, 0.0], [0.72, 0.7, 0.0], [0.0, 0.0, 1.0]]
    vectors = F.normalize(torch.tensor(points), dim=-1)
    words = F.normalize(torch.tensor([[1.0, 0.2, 0], [0, 0.1, 1.0], [0.1, 1.0, 0.1]]), dim=-1)
    found = named(vectors, [torch.tensor([0, 1]), torch.tensor([2, 3]), torch.tensor([4])], ["a", "b", "c"], words)
    assert [one.name for one in found] == ["a", "c", "b"]


def test_fewer_names_than_groups() -> None:
    vectors = torch.eye(3)
    found = named(vectors, [torch.tensor([place]) for place in range(3)], ["only"], torch.eye(3)[:1])
    assert [one.name for one in found] == ["only"] * 3
    assert [one.fit for one in found] == [None] * 3
