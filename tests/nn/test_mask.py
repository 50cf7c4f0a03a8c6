"""Who sees whom, drawn out and compared with a loop."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from seeread.nn.cache import Cache
from seeread.nn.mask import causal_mask, decoder_mask


def drawn(mask: torch.Tensor, row: int = 0) -> list[str]:
    """One row of a mask, a line a query: # where it sees."""
    return ["".join("#" if seen else "." for seen in line) for line in mask[row, 0].tolist()]


def positions(valid: list[int]) -> torch.Tensor:
    new, _ = Cache().extend(torch.tensor([valid], dtype=torch.bool))
    return new


def test_each_sees_itself_and_what_was_before() -> None:
    places = positions([1, 1, 1])
    assert drawn(decoder_mask(places, places)) == ["#..", "##.", "###"]
    assert torch.equal(decoder_mask(places, places), causal_mask(3))


def test_padding_is_seen_by_nobody() -> None:
    """And sees everything, for there must be something to see."""
    left, right = positions([0, 1, 1]), positions([1, 1, 0])
    assert drawn(decoder_mask(left, left)) == ["###", ".#.", ".##"]
    assert drawn(decoder_mask(right, right)) == ["#..", "##.", "###"]


def test_prefix_sees_itself_both_ways() -> None:
    places = positions([1, 1, 1, 1])
    ahead = torch.tensor([[True, True, False, False]])
    assert drawn(decoder_mask(places, places, ahead)) == ["##..", "##..", "###.", "####"]


def test_window_counts_the_token_itself() -> None:
    places = positions([1, 1, 1, 1])
    assert drawn(decoder_mask(places, places, window=2)) == ["#...", "##..", ".##.", "..##"]


def test_window_counts_positions_and_not_places() -> None:
    """Padding in the middle does not use it up."""
    places = positions([1, 0, 1, 1])
    assert drawn(decoder_mask(places, places, window=2))[3] == "..##"
    assert drawn(decoder_mask(places, places, window=3))[3] == "#.##"


def test_late_queries_see_what_is_remembered() -> None:
    cache = Cache()
    cache.extend(torch.tensor([[False, True, True]]))
    queries, keys = cache.extend(torch.tensor([[True, True]]))
    assert queries.tolist() == [[2, 3]]
    assert drawn(decoder_mask(queries, keys)) == [".###.", ".####"]
    assert drawn(decoder_mask(queries, keys, window=2)) == ["..##.", "...##"]


rows = st.lists(st.booleans(), min_size=1, max_size=7).filter(any)


@given(rows, st.integers(0, 7), st.one_of(st.none(), st.integers(1, 5)), st.integers(0, 4))
def test_as_a_loop_has_it(valid: list[bool], earlier: int, window: int | None, prefix: int) -> None:
    earlier = min(earlier, len(valid) - 1)
    cache = Cache()
    if earlier:
        cache.extend(torch.tensor([valid[:earlier]]))
    queries, keys = cache.extend(torch.tensor([valid[earlier:]]))
    ahead = torch.tensor([[place < prefix for place in range(len(valid) - earlier)]])
    mask = decoder_mask(queries, keys, ahead if prefix else None, window)
    for query in range(len(valid) - earlier):
        if not valid[earlier + query]:
            continue
        at = sum(valid[: earlier + query])
        for key in range(len(valid)):
            there = sum(valid[:key])
            together = prefix > query and prefix > key - earlier >= 0
            seen = valid[key] and (together or (there <= at and (window is None or at - there < window)))
            assert bool(mask[0, 0, query, key]) == seen, (query, key)
