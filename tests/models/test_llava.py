"""LLaVA: what it is made of, what it takes, and that seeing first and reading later is the same."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from seeread.fusion.connector import TwoLayers
from seeread.interface import Batch, Generates, Role, Tiles
from seeread.models.llava import LLaVA, LLaVAConfig
from seeread.nn.cache import Cache
from seeread.nn.rope import Rope
from seeread.nn.transformer import TransformerConfig
from seeread.text.decoder import DecoderConfig
from seeread.vision.resnet import ResNetConfig
from seeread.vision.vit import ViTConfig

VISION = ViTConfig(
    transformer=TransformerConfig(width=12, layers=3, heads=2, hidden=20), image_size=12, patch_size=4, class_token=True
)
TEXT = DecoderConfig(
    transformer=TransformerConfig(width=16, layers=2, heads=2, hidden=20, norm="rms", gated=True, rope=Rope()),
    vocabulary=30,
)
CONFIG = LLaVAConfig(vision=VISION, text=TEXT)
RESNET = ResNetConfig(layers=(1, 1, 1, 1), stem=4, heads=2, image_size=64)


def random(config: LLaVAConfig) -> LLaVA:
    torch.manual_seed(0)
    model = LLaVA(config).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def batch(image_tokens: int, images: torch.Tensor | Tiles | None = None) -> Batch:
    roles = torch.tensor([[Role.PROMPT] + [Role.IMAGE] * image_tokens + [Role.PROMPT] * 3])
    tokens = torch.randint(0, 30, roles.shape, generator=torch.Generator().manual_seed(0))
    return Batch(tokens, roles, images)


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        (CONFIG, 9),
        (replace(CONFIG, class_token=True), 10),
        (replace(CONFIG, connector="linear"), 9),
        (replace(CONFIG, vision=replace(VISION, class_token=False)), 9),
        (replace(CONFIG, vision=RESNET, skip_last=0), 4),
        (replace(CONFIG, vision=RESNET, skip_last=1), 16),
    ],
)
@torch.no_grad()
def test_image_becomes_so_many_words(config: LLaVAConfig, tokens: int) -> None:
    model = random(config)
    side = config.vision.image_size
    assert config.image_tokens == tokens
    seen = model.see(torch.randn(2, 3, side, side))
    assert seen.shape == (2 * tokens, 16)
    assert isinstance(model.connector, nn.Linear if config.connector == "linear" else TwoLayers)
    assert model(batch(2 * tokens, torch.randn(2, 3, side, side))).shape == (1, 2 * tokens + 4, 30)
    assert isinstance(model, Generates)


@torch.no_grad()
def test_seen_before_is_seen_now() -> None:
    model, images = random(CONFIG), torch.randn(1, 3, 12, 12)
    now = batch(9, images)
    before = Batch(now.tokens, now.roles, sight=model.see(images))
    assert torch.equal(model(now), model(before))
    assert not torch.equal(model(now), model(batch(9, images + 1)))


@torch.no_grad()
def test_goes_on_from_what_it_remembers() -> None:
    model, cache = random(CONFIG), Cache()
    whole = batch(9, torch.randn(1, 3, 12, 12))
    model.read(Batch(whole.tokens[:, :11], whole.roles[:, :11], whole.images), cache)
    last = model.read(whole.followed_by(whole.tokens[:, 11:]), cache)
    torch.testing.assert_close(last, model.read(whole)[:, 11:], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_what_stands_at_image_places_is_not_looked_up() -> None:
    model, given = random(CONFIG), batch(9, torch.randn(1, 3, 12, 12))
    other = torch.where(given.where(Role.IMAGE), (given.tokens + 1) % 30, given.tokens)
    assert torch.equal(model(given), model(replace(given, tokens=other)))


@torch.no_grad()
def test_large_pictures_come_in_tiles() -> None:
    model = random(replace(CONFIG, tiles=True))
    tiles = Tiles(torch.randn(3 + 2, 3, 12, 12), torch.tensor([[1, 2], [1, 1]]), torch.tensor([[24, 48], [30, 20]]))
    counts = tiles.tokens(3)
    assert counts == [9 + 3 * 7, 9 + 3 * 4]
    seen = model.see(tiles)
    assert len(seen) == sum(counts)
    assert model.newline is not None
    assert torch.equal(seen[9 + 6], model.newline)
    assert torch.equal(seen[-1], model.newline)
    assert model.see(torch.randn(2, 3, 12, 12)).shape == (18, 16), "and small ones whole"


def test_places_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="8 places for image tokens, and the images give 9"):
        random(CONFIG)(batch(8, torch.randn(1, 3, 12, 12)))
