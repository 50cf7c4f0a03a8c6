"""Neighbours, copies and pictures that are like no other."""

from io import BytesIO

import torch
import torch.nn.functional as F
from PIL import Image

from seeread.data.scenes import invent, render
from seeread.spaces.likeness import copies, groups, neighbours, outliers


def test_neighbours_leave_oneself_out_also_across_blocks() -> None:
    vectors = F.normalize(torch.randn(2100, 4, generator=torch.Generator().manual_seed(0)), dim=-1)
    places, cosines = neighbours(vectors, top=3)
    assert places.shape == (2100, 3)
    assert not (places == torch.arange(2100)[:, None]).any()
    own = vectors[2099] @ vectors.T
    own[2099] = -1
    assert places[2099].tolist() == own.topk(3).indices.tolist()
    assert torch.allclose(cosines[2099], own.topk(3).values)


def test_neighbours_among_others_and_few() -> None:
    assert neighbours(torch.eye(3), torch.eye(3)[[2, 0]], top=8)[0][0].tolist()[0] == 1
    assert neighbours(torch.eye(3)[:1])[0].shape == (1, 0)
    assert neighbours(torch.empty(0, 3))[0].shape == (0, 0)


def test_outliers_are_the_lonely() -> None:
    noise = 0.1 * torch.randn(60, 16, generator=torch.Generator().manual_seed(0))
    vectors = F.normalize(torch.eye(16)[:2].repeat_interleave(30, 0) + noise, dim=-1)
    vectors[7] = -torch.eye(16)[5]
    found = outliers(vectors)
    assert [one.picture for one in found][:1] == [7]
    assert len(found) < 5
    assert outliers(vectors[:11]) == []
    assert outliers(torch.eye(4)[:1].repeat(40, 1)) == []


def test_copies_are_grouped() -> None:
    pictures = [render(invent(seed), 96) for seed in (1, 2, 3)]
    again = pictures[1].resize((70, 70))
    smaller = pictures[1].resize((50, 50))
    assert copies([_jpeg(one) for one in (*pictures, again, smaller)]) == [(1, 3, 4)]


def test_groups_of_pairs() -> None:
    assert groups([(5, 6), (1, 2), (2, 9), (2, 3)]) == [(2, 1, 3, 9), (5, 6)]
    assert groups([(1, 2), (2, 3), (3, 4), (4, 5)]) == [(2, 1, 3), (4, 5)]  # no chain
    assert groups([]) == []


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()
