"""A language model on its own: what it remembers is what it would read again, and padding means nothing."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seeread.nn.cache import Cache
from seeread.nn.rope import Rope, YarnScaling
from seeread.nn.transformer import TransformerConfig
from seeread.text.decoder import Decoder, DecoderConfig

LLAMA = TransformerConfig(
    width=24, layers=3, heads=4, kv_heads=2, hidden=20, activation="silu", norm="rms", gated=True, bias=False,
    rope=Rope(),
)  # fmt: skip
GEMMA2 = replace(
    LLAMA, norm_offset=1.0, post_norm=True, softcap=3.0, scale=0.3, window=3, full_layers=(1,), activation="gelu_tanh"
)
CONFIGS = {
    "Llama": DecoderConfig(transformer=LLAMA, vocabulary=31),
    "YaRN": DecoderConfig(
        transformer=replace(LLAMA, rope=Rope(scaling=YarnScaling(factor=4.0, trained_length=8))), vocabulary=31
    ),
    "Mistral": DecoderConfig(transformer=replace(LLAMA, window=3), vocabulary=31),
    "Gemma 2": DecoderConfig(
        transformer=GEMMA2, vocabulary=31, tied=True, embedding_scale=24**0.5, logit_softcap=4.0
    ),
    "OPT": DecoderConfig(
        transformer=TransformerConfig(width=24, layers=2, heads=3, hidden=20, activation="relu"),
        vocabulary=31, tied=True, positions=40, position_offset=2,
    ),
}  # fmt: skip


@pytest.fixture(params=CONFIGS)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    return random(CONFIGS[request.param])


def random(config: DecoderConfig) -> Decoder:
    torch.manual_seed(0)
    decoder = Decoder(config).eval()
    for parameter in decoder.parameters():
        nn.init.normal_(parameter, std=0.4)
    return decoder


def tokens(rows: int, length: int) -> Tensor:
    return torch.randint(0, 31, (rows, length), generator=torch.Generator().manual_seed(1))


def read(decoder: Decoder, ids: Tensor, valid: Tensor | None = None, cache: Cache | None = None) -> Tensor:
    return decoder.read(decoder.embed(ids), torch.ones_like(ids, dtype=torch.bool) if valid is None else valid, cache)


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("steps", [[11], [1] * 11, [7, 1, 1, 2], [2, 9], [4, 4, 3]])
@torch.no_grad()
def test_remembered_is_read_again(decoder: Decoder, steps: list[int]) -> None:
    """In one go or in pieces of any size, past the window too."""
    ids, cache = tokens(2, 11), Cache()
    pieces = [read(decoder, piece, cache=cache) for piece in ids.split(steps, dim=1)]
    close(torch.cat(pieces, dim=1), read(decoder, ids))


@torch.no_grad()
def test_padding_means_nothing(decoder: Decoder) -> None:
    """Wherever it is, and whatever is in it: a row says what it says alone, at once and step by step."""
    ids = tokens(3, 9)
    valid = torch.tensor([[0, 0, 0, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0, 1, 1, 1]]).bool()
    together, cache = read(decoder, ids, valid), Cache()
    after = read(decoder, ids, valid, cache)
    following = tokens(3, 2)[:, :1]
    later = read(decoder, following, cache=cache)
    for row in range(3):
        alone = ids[row : row + 1, valid[row]]
        close(together[row, valid[row]], read(decoder, alone)[0])
        close(after[row, valid[row]], together[row, valid[row]])
        close(later[row, 0], read(decoder, torch.cat((alone, following[row : row + 1]), dim=1))[0, -1])
    assert together.isfinite().all()


@torch.no_grad()
def test_reads_from_left_to_right(decoder: Decoder) -> None:
    ids = tokens(1, 9)
    changed = ids.clone()
    changed[0, 6] = (ids[0, 6] + 1) % 31
    difference = (read(decoder, ids) - read(decoder, changed)).abs().amax(-1)[0]
    assert (difference[:6] == 0).all()
    assert (difference[6:] > 0).all() or decoder.config.transformer.window


@torch.no_grad()
def test_prefix_is_read_both_ways(decoder: Decoder) -> None:
    ids = tokens(1, 7)
    ahead = torch.tensor([[True] * 4 + [False] * 3])
    changed = ids.clone()
    changed[0, 3] = (ids[0, 3] + 1) % 31
    valid = torch.ones_like(ids, dtype=torch.bool)
    one, other = (decoder.read(decoder.embed(each), valid, ahead=ahead) for each in (ids, changed))
    assert ((one - other).abs().amax(-1)[0, :4] > 0).all()
    late = ids.clone()
    late[0, 5] = (ids[0, 5] + 1) % 31
    again = decoder.read(decoder.embed(late), valid, ahead=ahead)
    assert torch.equal(one[:, :5], again[:, :5])


@torch.no_grad()
def test_sees_only_so_far_back() -> None:
    """Through three layers of a window of three the last token hears of the six before it, and of no more."""
    decoder = random(CONFIGS["Mistral"])
    ids = tokens(1, 12)
    for place in range(12):
        changed = ids.clone()
        changed[0, place] = (ids[0, place] + 1) % 31
        heard = not torch.equal(read(decoder, ids)[0, -1], read(decoder, changed)[0, -1])
        assert heard == (place >= 12 - 7)


@torch.no_grad()
def test_rows_of_the_past_can_be_picked(decoder: Decoder) -> None:
    """As beams do: each goes on from the row that it is said to."""
    ids, cache = tokens(3, 5), Cache()
    read(decoder, ids, cache=cache)
    rows, following = torch.tensor([2, 0, 2, 1]), tokens(4, 1)
    picked = read(decoder, following, cache=cache.select(rows))
    close(picked, read(decoder, torch.cat((ids[rows], following), dim=1))[:, -1:])


@torch.no_grad()
def test_caps_and_ties() -> None:
    gemma = random(CONFIGS["Gemma 2"])
    assert gemma.head is None
    features = read(gemma, tokens(1, 4)) * 100
    logits = gemma.logits(features)
    assert logits.dtype == torch.float32
    assert float(logits.abs().max()) <= 4.0
    close(logits, 4 * (features @ gemma.embedding.weight.T / 4).tanh())
    close(gemma.embed(tokens(1, 4)), gemma.embedding(tokens(1, 4)) * 24**0.5)


@pytest.mark.parametrize(
    "change",
    [
        {"transformer": replace(LLAMA, heads=5)},
        {"transformer": replace(LLAMA, width=25)},
    ],
)
def test_heads_must_share_the_width(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        Decoder(replace(CONFIGS["Llama"], **change))
