"""Random starts."""

import torch
from torch import nn

from seeread.models.dual_encoder import DualEncoder
from seeread.nn.initialise import initialise
from seeread.nn.transformer import Transformer, TransformerConfig
from seeread.vision.resnet import ResNet, ResNetConfig
from tests.tiny import tiny_config


def test_the_same_seed_gives_the_same_start_and_nothing_is_left_at_nought() -> None:
    models = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        models.append(DualEncoder(tiny_config()))
        initialise(models[-1])
    named, *others = models[0].named_parameters(), models[1].parameters(), models[2].parameters()
    for (name, first), same, other in zip(named, *others, strict=True):
        assert torch.equal(first, same), name
        if first.ndim > 1 or name.endswith(("class_token", "positions")):
            assert first.std() > 0 and not torch.equal(first, other), name


def test_what_ends_a_residual_branch_starts_smaller_the_deeper_the_stack() -> None:
    deviations = []
    for layers in (1, 16):
        transformer = Transformer(TransformerConfig(width=64, layers=layers, heads=4, hidden=128))
        initialise(nn.Sequential(transformer))
        deviations.append(transformer.blocks[0].attention.out.weight.std().item())
    assert 3.5 < deviations[0] / deviations[1] < 4.5


def test_a_bottleneck_starts_as_its_shortcut() -> None:
    tower = ResNet(ResNetConfig(layers=(2, 1, 1, 1), stem=8, heads=4, image_size=32)).eval()
    initialise(tower)
    block = tower.stages[0][1]
    x = torch.rand(1, 32, 4, 4)
    with torch.inference_mode():
        torch.testing.assert_close(block(x), x)
