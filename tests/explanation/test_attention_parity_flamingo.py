"""Maps of OpenFlamingo are those of its authors' code: resampler, gates and all three language models."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.explanation.eager import eager_maps
from tests.explanation.test_attention_parity import agree, looks_of
from tests.parity import reference_open_flamingo as reference
from tests.parity import test_open_flamingo

ROWS = ["..i..i.", ".i.i|.."]
IMAGES = torch.randn(4, 3, reference.SIDE, reference.SIDE, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("kind", test_open_flamingo.VARIANTS)
def test_resampler_gates_and_words(tmp_path: Path, kind: str) -> None:
    theirs: Any = reference.open_flamingo(tmp_path, *test_open_flamingo.VARIANTS[kind])
    model, given = reference.opened(tmp_path), reference.prompts(ROWS, IMAGES)
    found = eager_maps(theirs, lambda: theirs(**given.keywords))
    # Theirs is (rows, heads, pictures of a row, queries, keys) in the resampler.
    found = [one.transpose(1, 2).flatten(0, 1) if one.ndim == 5 else one for one in found]
    looks = looks_of(model, lambda: model(given.batch))
    pictures = (given.batch.tokens == reference.IMAGE).cumsum(dim=1) > 0  # before the first a word reads none
    agree(looks, found, given.batch.valid & pictures)
    assert {look.module.partition(".")[0] for look in looks} == {"vision", "resampler", "gates", "text"}
