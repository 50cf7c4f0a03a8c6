"""Methods find the patch that a model was taught to heed, and find nothing in random weights."""

import pytest

from seeread.explanation.methods.legrad import LEGRAD
from seeread.explanation.methods.relevance import RELEVANCE
from tests.explanation.methods.taught import FAMILIES, found


@pytest.mark.parametrize("family", FAMILIES)
def test_relevance_finds_what_is_heeded(family: str) -> None:
    assert found(RELEVANCE, family) >= 0.9


def test_legrad_finds_what_is_heeded() -> None:
    assert found(LEGRAD, "dual_encoder") >= 0.9


def test_random_weights_heed_nothing() -> None:
    assert sum(found(RELEVANCE, family, steps=0) for family in FAMILIES) / len(FAMILIES) < 0.6
