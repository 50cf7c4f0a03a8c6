"""AdamW and Muon, with weight decay where it belongs."""

import torch
from torch import nn

from seeread.errors import UsageError
from seeread.nn.bias import RelativeBias
from seeread.nn.transformer import Block
from seeread.training.settings import Settings

VECTORS = ("positions", "class_position", "query", "queries", "start", "frames")
"""Last words of the names of what is learned place by place, though it may have the shape of a matrix."""


def build_optimizers(model: nn.Module, settings: Settings) -> list[torch.optim.Optimizer]:
    """What moves the weights that are not frozen, each of them by one optimizer: AdamW, and before it Muon if the
    settings say so. Every group has a base rate of 1 x `settings.rate`.

    Raises UsageError where this torch has no Muon.
    """
    decaying, free = sorted_out(model)
    if settings.optimizer == "adamw":
        return [_adamw(decaying, free, settings)]
    inside = {id(weight) for m in model.modules() if isinstance(m, Block) for weight in m.parameters()}
    matrices = [weight for weight in decaying if id(weight) in inside and weight.ndim == 2]
    turned = {id(weight) for weight in matrices}
    others = [weight for weight in decaying if id(weight) not in turned]
    rest = [_adamw(others, free, settings)] if others or free else []
    return [_muon(matrices, settings), *rest] if matrices else rest


def sorted_out(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters that learn: those that decay and those that do not. Matrices and kernels decay; norms, biases,
    gates, positions, learned queries and the temperature do not (as in CLIP)."""
    biases = {id(m.weight) for m in model.modules() if isinstance(m, RelativeBias)}
    decaying: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            plain = parameter.ndim < 2 or name.endswith(VECTORS) or id(parameter) in biases
            (free if plain else decaying).append(parameter)
    return decaying, free


def _adamw(
    decaying: list[nn.Parameter], free: list[nn.Parameter], settings: Settings
) -> torch.optim.Optimizer:
    groups = [
        {"params": decaying, "weight_decay": settings.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    kept = [group for group in groups if group["params"]]
    return torch.optim.AdamW(kept, lr=settings.rate, betas=settings.betas, eps=1e-6, fused=True)


def _muon(matrices: list[nn.Parameter], settings: Settings) -> torch.optim.Optimizer:
    """Momentum whose singular values are made alike (Keller Jordan, 2024), scaled so that its steps are as large as
    AdamW's and the same rate and decay serve both (arXiv:2502.16982)."""
    if not hasattr(torch.optim, "Muon"):
        raise UsageError(
            f"The Muon optimizer needs torch 2.9 or newer, and this is {torch.__version__}. "
            "Update torch, or train with optimizer='adamw'."
        )
    decay = settings.weight_decay
    return torch.optim.Muon(matrices, lr=settings.rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
