"""The gap between pictures and texts, on vectors whose gap is known."""

import pytest
import torch
import torch.nn.functional as F

from seeread.spaces.gap import closed, modality_gap, separability, separability_closed


def apart(count: int, distance: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs of unit vectors that are alike but for one axis, on which the two kinds lie apart."""
    random = torch.Generator().manual_seed(seed)
    shared = torch.randn(count, 8, generator=random)
    shift = torch.zeros(8)
    shift[0] = distance
    noise = [0.1 * torch.randn(count, 8, generator=random) for _ in range(2)]
    shared[:, 0] = 0
    return F.normalize(shared + shift + noise[0], dim=-1), F.normalize(shared - shift + noise[1], dim=-1)


def test_by_hand() -> None:
    pictures = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    texts = torch.tensor([[0.6, 0.8], [-1.0, 0.0]])
    gap = modality_gap(pictures, texts, torch.tensor([1, 0]))
    assert gap.distance == pytest.approx(((0.5 + 0.2) ** 2 + (0.5 - 0.4) ** 2) ** 0.5)
    assert gap.of_pairs == pytest.approx((0.8 - 1.0) / 2)
    assert gap.across == pytest.approx((0.6 + 0.0) / 2)
    assert gap.among_pictures == pytest.approx(0.0)
    assert gap.among_texts == pytest.approx(-0.6)
    assert gap.found == 0.5  # the second picture has its own text closest, the first has not
    assert gap.separable is None  # two of a kind tell nothing


def test_a_gap_is_seen_and_closed() -> None:
    pictures, texts = apart(200, 2.0)
    gap = modality_gap(pictures, texts, torch.arange(200))
    assert gap.distance > 1
    assert gap.separable == 1.0
    assert gap.separable_closed == pytest.approx(0.5, abs=0.12)
    assert gap.found_closed is not None and gap.found is not None
    assert gap.found_closed > 0.8 > gap.found > 0.3  # as it is, all texts lie in the way


def test_no_gap_is_none() -> None:
    pictures, texts = apart(200, 0.0)
    gap = modality_gap(pictures, texts)
    assert gap.distance < 0.1
    assert gap.separable == pytest.approx(0.5, abs=0.12)
    assert (gap.paired, gap.of_pairs, gap.found) == (0, None, None)


def test_few_of_one_kind_weigh_as_much() -> None:
    """A plane that calls everything a picture tells nobody apart, however many pictures there are."""
    random = torch.Generator().manual_seed(1)
    pictures, texts = (F.normalize(torch.randn(count, 16, generator=random), dim=-1) for count in (900, 20))
    assert separability(pictures, texts) == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("count", [60, 400])
def test_closing_leans_to_neither_side(count: int) -> None:
    """Vectors whose own mean was taken are told worse than by chance."""
    shares = [separability_closed(*apart(count, 1.0, seed)) for seed in range(6)]
    assert all(share is not None for share in shares)
    assert sum(share for share in shares if share is not None) / 6 == pytest.approx(0.53, abs=0.06)
    assert separability_closed(*apart(19, 1.0)) is None


def test_closed_vectors_are_unit_around_the_middle() -> None:
    vectors = closed(apart(50, 1.0)[0])
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(50))
    assert float(vectors.mean(dim=0).norm()) < 0.2
