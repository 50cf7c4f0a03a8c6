"""Methods find the patch that a model was taught to heed, and find nothing in random weights."""

import pytest

from seeread.explanation.methods.legrad import LEGRAD
from seeread.explanation.methods.relevance import RELEVANCE
from tests.explanation.methods.taught import KINDS, found


@pytest.mark.parametrize("kind", KINDS)
def test_relevance_finds_what_is_heeded(kind: str) -> None:
    assert found(RELEVANCE, kind) >= 0.9


@pytest.mark.parametrize("kind", ["class token", "attention pooling"])
def test_legrad_finds_what_is_heeded(kind: str) -> None:
    assert found(LEGRAD, kind) >= 0.9


def test_random_weights_heed_nothing() -> None:
    assert sum(found(RELEVANCE, kind, steps=0) for kind in KINDS) / len(KINDS) < 0.5
