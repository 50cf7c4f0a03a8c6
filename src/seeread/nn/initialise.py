"""Random starts for training, as CLIP's (arXiv:2103.00020 and its released code): narrower with depth and width."""

import torch
from torch import nn

from seeread.nn.attention import Attention
from seeread.nn.mlp import MLP, GatedMLP
from seeread.nn.transformer import Transformer


@torch.no_grad()
def initialise(model: nn.Module) -> None:
    """Draw the weights of `model` anew from torch's global generator. What ends a residual branch starts small:
    by the number of branches in a transformer, at zero in a ResNet. Norms and the temperature stay as they are."""
    for module in model.modules():
        if isinstance(module, Attention):
            _attention(module, branches=1)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    for transformer in model.modules():
        if isinstance(transformer, Transformer):
            for module in transformer.modules():
                if isinstance(module, Attention):
                    _attention(module, branches=2 * len(transformer.blocks))
                elif isinstance(module, MLP | GatedMLP):
                    _mlp(module, branches=2 * len(transformer.blocks))
    for name, parameter in model.named_parameters():
        if name.endswith(("positions", "class_token", "image_pool.query")):
            nn.init.normal_(parameter, std=0.01)
        elif name.endswith("projection.weight"):
            nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
        elif name.endswith("widen.norm.weight"):
            nn.init.zeros_(parameter)


def _attention(attention: Attention, branches: int) -> None:
    width = attention.query.in_features
    for layer in (attention.query, attention.key, attention.value, attention.out):
        nn.init.normal_(layer.weight, std=width**-0.5)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    attention.out.weight *= branches**-0.5


def _mlp(mlp: MLP | GatedMLP, branches: int) -> None:
    width = mlp.up.in_features
    for layer in (mlp.up, mlp.gate) if isinstance(mlp, GatedMLP) else (mlp.up,):
        nn.init.normal_(layer.weight, std=(2 * width) ** -0.5)
    nn.init.normal_(mlp.down.weight, std=(width * branches) ** -0.5)
    for layer in (mlp.up, mlp.down):
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
