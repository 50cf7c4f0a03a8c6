"""When two answers are the same."""

import pytest

from seeread.generation.complete import Completion


def same(ours: Completion, theirs: Completion) -> None:
    assert (ours.text, ours.ids, ours.reason) == (theirs.text, theirs.ids, theirs.reason)
    assert (ours.logprobs is None) == (theirs.logprobs is None)
    for one, other in zip(ours.logprobs or (), theirs.logprobs or (), strict=True):
        assert one.id == other.id
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
        assert [value for _, value in one.likeliest] == pytest.approx([value for _, value in other.likeliest], abs=1e-4)
