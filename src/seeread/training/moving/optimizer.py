"""AdamW, with weight decay where it belongs."""

import torch
from torch import nn

from seeread.nn.bias import RelativeBias
from seeread.training.settings import Settings


def build_optimizer(model: nn.Module, settings: Settings) -> torch.optim.AdamW:
    """Matrices and kernels decay; norms, biases, gates, positions, learned queries and the temperature do not (as in
    CLIP). What is frozen is left out."""
    biases = {id(m.weight) for m in model.modules() if isinstance(m, RelativeBias)}
    decaying: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        vectors = name.endswith(("positions", "class_position", "query", "queries", "start", "frames"))
        plain = parameter.ndim < 2 or vectors or id(parameter) in biases
        (free if plain else decaying).append(parameter)
    groups = [
        {"params": decaying, "weight_decay": settings.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate, betas=settings.betas, eps=1e-6)
