"""Which token speaks for a text, and what padding may change."""

import pytest
import torch

from seeread.nn.transformer import TransformerConfig
from seeread.text.encoder import TextEncoder, TextEncoderConfig, TextPool

SMALL = TransformerConfig(width=12, layers=2, heads=3, hidden=20)
TOKENS = torch.tensor([[7, 3, 9, 0, 0], [7, 9, 9, 2, 0], [7, 1, 2, 3, 9]])


def encoder(pool: TextPool, causal: bool = True) -> TextEncoder:
    torch.manual_seed(0)
    end_id = 9 if pool == "end" else None
    config = TextEncoderConfig(
        transformer=SMALL, vocabulary=10, context_length=5, causal=causal, pool=pool, end_id=end_id
    )
    model = TextEncoder(config).eval()
    torch.nn.init.normal_(model.positions)
    return model


@pytest.mark.parametrize(
    ("pool", "places"), [("largest", [2, 1, 4]), ("end", [2, 1, 4]), ("last", [4, 4, 4]), ("first", [0, 0, 0])]
)
def test_the_speaker(pool: TextPool, places: list[int]) -> None:
    assert encoder(pool).speaker(TOKENS).tolist() == places


@pytest.mark.parametrize("pool", ["largest", "end", "first"])
def test_padding_behind_the_end_changes_nothing_where_cutting_is_called_exact(pool: TextPool) -> None:
    model = encoder(pool)
    assert model.config.cut_is_exact
    with torch.inference_mode():
        torch.testing.assert_close(model(TOKENS[:2]), model(TOKENS[:2, :4]), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("pool", "causal"), [("last", True), ("largest", False)])
def test_padding_matters_where_it_is_read(pool: TextPool, causal: bool) -> None:
    model = encoder(pool, causal)
    assert not model.config.cut_is_exact
    with torch.inference_mode():
        assert not torch.allclose(model(TOKENS[:1]), model(TOKENS[:1, :3]), atol=1e-3)


def test_an_end_without_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="need an end_id"):
        TextEncoderConfig(transformer=SMALL, vocabulary=10, context_length=5, pool="end")
