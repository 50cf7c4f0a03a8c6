"""AdamW, with weight decay where it belongs."""

import torch
from torch import nn

from seeread.training.recipe import Recipe


def build_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """Matrices and kernels decay; norms, biases, positions and the temperature do not (as in CLIP). What is
    frozen is left out."""
    decaying: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        plain = parameter.ndim < 2 or name.endswith("positions")
        (free if plain else decaying).append(parameter)
    groups = [{"params": decaying, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=recipe.betas, eps=1e-6)
