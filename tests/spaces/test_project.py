"""Maps of two dimensions, and new points on them."""

import pytest
import torch
import torch.nn.functional as F

from seeread.errors import UsageError
from seeread.spaces.project import project


def groups(count: int = 30) -> torch.Tensor:
    noise = 0.05 * torch.randn(3 * count, 16, generator=torch.Generator().manual_seed(0))
    return F.normalize(torch.eye(16)[:3].repeat_interleave(count, 0) + noise, dim=-1)


def test_pca_shows_what_varies_most() -> None:
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(200, 6, generator=random) * torch.tensor([0.1, 5.0, 0.1, 2.0, 0.1, 0.1])
    found = project(vectors)
    assert found.explained[0] == pytest.approx(25 / 29, abs=0.05)
    for axis, widest in enumerate((1, 3)):  # but for their scale, and which way they point
        pair = torch.stack([vectors[:, widest], found.places[:, axis]])
        assert torch.corrcoef(pair)[0, 1].abs() > 0.99
    assert found.places.abs().quantile(0.99) <= 1.01


def test_pca_places_points_where_they_are() -> None:
    vectors = groups()
    found = project(vectors)
    assert torch.allclose(found.place(vectors[:5]), found.places[:5], atol=1e-5)
    middle = found.place((vectors[:1] + vectors[40:41]) / 2)
    assert torch.allclose(middle, (found.places[0] + found.places[40])[None] / 2, atol=1e-5)


def test_pca_of_almost_nothing() -> None:
    assert project(torch.eye(4)[:1]).places.tolist() == [[0.0, 0.0]]
    assert torch.isfinite(project(torch.ones(3, 1)).places).all()


def test_pacmap_keeps_groups_together_and_places_among_them() -> None:
    pytest.importorskip("pacmap")
    vectors = groups()
    found = project(vectors, "pacmap", seed=3)
    means = found.places.view(3, 30, 2).mean(dim=1)
    near = torch.cdist(found.places, means).argmin(dim=1)
    assert (near == torch.arange(3).repeat_interleave(30)).all()
    placed = found.place(torch.eye(16)[:3])
    assert torch.cdist(placed, means).argmin(dim=1).tolist() == [0, 1, 2]
    assert torch.equal(found.places, project(vectors, "pacmap", seed=3).places)


def test_turned_to_lie_like_another() -> None:
    first = project(groups())
    turn = torch.tensor([[0.6, 0.8], [-0.8, 0.6]])
    other = project(groups())
    other = type(other)(other.places @ turn + 3, lambda more: first.place(more) @ turn + 3)
    turned = other.turned_like(first)
    assert torch.allclose(turned.places, first.places, atol=1e-5)
    assert torch.allclose(turned.place(groups()[:4]), first.places[:4], atol=1e-5)


@pytest.mark.parametrize(
    ("by", "told"), [("tsne", "no projection 'tsne'"), ("umap", "at least 16"), ("pacmap", "at least 16")]
)
def test_misuse(by: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        project(torch.eye(5), by)  # type: ignore[arg-type]


@pytest.mark.parametrize(("by", "module"), [("umap", "umap"), ("pacmap", "pacmap")])
def test_says_what_to_install(by: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(UsageError, match=r"pip install 'seeread\[space\]'"):
        project(groups(), by)  # type: ignore[arg-type]
