"""What a decoder remembers: positions, growing, rows."""

import torch

from seeread.nn.cache import STEP, Cache, LayerCache


def test_positions_leave_padding_out() -> None:
    cache = Cache()
    new, everything = cache.extend(torch.tensor([[False, True, True], [True, False, True]]))
    assert new.tolist() == [[-1, 0, 1], [0, -1, 1]]
    assert torch.equal(new, everything)
    assert cache.ragged
    new, everything = cache.extend(torch.tensor([[True], [True]]))
    assert new.tolist() == [[2], [2]]
    assert everything.tolist() == [[-1, 0, 1, 2], [0, -1, 1, 2]]
    assert cache.length == 4


def test_knows_whether_there_is_padding() -> None:
    cache = Cache()
    cache.extend(torch.ones(2, 3, dtype=torch.bool))
    assert not cache.ragged
    cache.extend(torch.tensor([[True, False], [True, True]]))
    assert cache.ragged


def test_grows_without_forgetting() -> None:
    layer, generator = LayerCache(), torch.Generator().manual_seed(0)
    kept = torch.empty(2, 3, 0, 4)
    for new in (5, 1, STEP, 1, 1, 3 * STEP, 2):
        k = torch.randn(2, 3, new, 4, generator=generator)
        kept = torch.cat((kept, k), dim=2)
        remembered_k, remembered_v = layer.extend(k, -k)
        assert torch.equal(remembered_k, kept)
        assert torch.equal(remembered_v, -kept)
    assert layer.length == kept.shape[2]


def test_sets_room_aside() -> None:
    """Not every token copies all there is."""
    layer = LayerCache()
    layer.extend(torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2))
    assert layer.k is not None
    before = layer.k.data_ptr()
    for _ in range(STEP):
        layer.extend(torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2))
    assert layer.k.data_ptr() == before


def test_rows_are_picked() -> None:
    cache = Cache()
    cache.extend(torch.tensor([[True, True], [False, True]]))
    k = torch.arange(4.0).view(2, 1, 2, 1)
    cache.layer(1).extend(k, k + 10)
    picked = cache.select(torch.tensor([1, 1, 0]))
    assert picked.positions is not None
    assert picked.positions.tolist() == [[-1, 0], [-1, 0], [0, 1]]
    assert picked.ragged
    assert picked.layer(0).k is None
    picked_k, picked_v = picked.layer(1).extend(torch.zeros(3, 1, 1, 1), torch.zeros(3, 1, 1, 1))
    assert picked_k.flatten().tolist() == [2, 3, 0, 2, 3, 0, 0, 1, 0]
    assert picked_v.flatten().tolist() == [12, 13, 0, 12, 13, 0, 10, 11, 0]
    assert cache.layer(1).length == 2, "the first is as it was"
