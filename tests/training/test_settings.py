"""Settings with which no run can be made are refused, by whoever says them."""

import math

import pytest

from seeread.errors import UsageError
from seeread.training.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("steps", 0, "steps must be 1 or more"),
        ("rate", -1.0, "rate must be above 0"),
        ("rate", 0.0, "rate must be above 0"),
        ("rate", math.nan, "rate must be above 0"),
        ("batch", 0, "batch must be 1 or more"),
        ("save_every", 0, "save_every must be 1 or more"),
        ("keep", 0, "keep must be 1 or more"),
        ("warmup", -1, "warmup must be 0 or more"),
        ("seed", -1, "seed must be 0 or more"),
        ("average", 1.0, "average must be from 0, below 1"),
        ("average", -0.1, "average must be from 0, below 1"),
        ("betas", (0.9, 1.0), "betas must be from 0, below 1"),
        ("crop", 0.0, "crop must be above 0"),
        ("crop", 2.0, "crop must be from 0 to 1"),
        ("patch_dropout", 1.0, "patch_dropout must be from 0, below 1"),
        ("decay", 2.0, "decay must be from 0 to 1"),
    ],
)
def test_refused(name: str, value: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Settings(**{"steps": 3, "rate": 1e-3, name: value})  # type: ignore[arg-type]


def test_the_ends_are_accepted() -> None:
    Settings(
        steps=1, rate=1e-9, average=None, crop=1.0, decay=1.0, broken_limit=0.0, patch_dropout=0.0, seed=0
    )
