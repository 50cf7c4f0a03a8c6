"""Towers and their pooling: what goes together, and what comes out."""

import pytest
import torch

from seeread.nn.transformer import TransformerConfig
from seeread.vision.naflex import NaFlexConfig, NaFlexViT
from seeread.vision.resnet import ResNetConfig
from seeread.vision.tower import ImagePool, TowerConfig, build_pool, build_tower
from seeread.vision.vit import ViTConfig

SMALL = TransformerConfig(width=12, layers=1, heads=3, hidden=20)
VIT = ViTConfig(transformer=SMALL, image_size=20, patch_size=5, class_token=True)
PLAIN_VIT = ViTConfig(transformer=SMALL, image_size=20, patch_size=5)
RESNET = ResNetConfig(layers=(1, 2, 1, 1), stem=4, heads=2, image_size=64)
NAFLEX = NaFlexConfig(transformer=SMALL, patch_size=2, positions=3)


@pytest.mark.parametrize("config", [VIT, PLAIN_VIT, RESNET])
def test_a_tower_gives_the_tokens_that_its_config_promises(config: ViTConfig | ResNetConfig) -> None:
    with torch.inference_mode():
        features = build_tower(config).eval()(torch.randn(3, 3, config.image_size, config.image_size))
    assert features.shape == (3, config.tokens, config.width)


@pytest.mark.parametrize(
    ("pool", "config", "width"), [("class", VIT, 12), ("attention", PLAIN_VIT, 12), ("spatial attention", RESNET, 7)]
)
def test_pooling_leaves_one_feature_an_image(pool: ImagePool, config: TowerConfig, width: int) -> None:
    assert isinstance(config, ViTConfig | ResNetConfig)
    with torch.inference_mode():
        assert build_pool(pool, config, 7)(torch.randn(2, config.tokens, config.width)).shape == (2, width)


@pytest.mark.parametrize(("pool", "config"), [("class", PLAIN_VIT), ("class", RESNET), ("spatial attention", VIT)])
def test_pooling_that_does_not_fit_the_tower_is_refused(pool: ImagePool, config: TowerConfig) -> None:
    with pytest.raises(ValueError, match="cannot be pooled"):
        build_pool(pool, config, 7)


def test_positions_of_a_grid_of_their_own_size_are_not_changed() -> None:
    tower = NaFlexViT(NAFLEX)
    torch.nn.init.normal_(tower.positions)
    stretched = tower.stretched_positions(torch.tensor([[3, 3], [1, 4]]), patches=11)
    torch.testing.assert_close(stretched[0, :9], tower.positions.data)
    assert stretched.shape == (2, 11, 12) and not stretched[0, 9:].any() and not stretched[1, 4:].any()


def test_each_image_of_a_naflex_batch_is_alone() -> None:
    tower = NaFlexViT(NAFLEX).eval()
    torch.nn.init.normal_(tower.positions)
    pixels = torch.randn(2, 8, 12)
    grid = torch.tensor([[2, 4], [1, 3]])
    valid = torch.arange(8) < grid.prod(1, keepdim=True)
    with torch.inference_mode():
        both = tower(pixels, grid, valid)
        alone = tower(pixels[1:, :3], grid[1:], valid[1:, :3])
    torch.testing.assert_close(both[1, :3], alone[0], atol=1e-6, rtol=1e-5)
