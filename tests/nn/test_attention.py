"""One query a head goes another way on the CPU, and comes to the same."""

import pytest
import torch

from seeread.nn.attention import Attend, shared_out


@pytest.mark.parametrize("kv_heads", [1, 2, 3, 6])
@pytest.mark.parametrize("softcap", [None, 2.0])
@pytest.mark.parametrize("masked", [False, True])
def test_one_query_sees_what_it_sees_among_others(kv_heads: int, softcap: float | None, masked: bool) -> None:
    torch.manual_seed(0)
    attend = Attend(0.3, softcap)
    q, k, v = torch.randn(2, 6, 1, 10), torch.randn(2, kv_heads, 7, 10), torch.randn(2, kv_heads, 7, 10)
    mask = torch.rand(2, 1, 1, 7) < 0.6 if masked else None
    if mask is not None:
        mask[..., 0] = True
    want = attend.weights(q, k, mask) @ shared_out(v, q)
    torch.testing.assert_close(attend(q, k, v, mask), want)
    many = attend(q.expand(-1, -1, 3, -1), k, v, None if mask is None else mask.expand(-1, -1, 3, -1))
    torch.testing.assert_close(attend(q, k, v, mask), many[:, :, :1])
