"""Parts of a model that keep their weights while others learn."""

from collections.abc import Collection
from typing import Literal

from torch import nn

from seeread.errors import UsageError


def freeze(model: nn.Module, parts: Collection[str]) -> None:
    """Let these parts keep their weights: modules or single parameters, by their names in the model. Of Flamingo
    ("vision", "text") leaves the resampler and the gates to be trained, and of PaLI ("vision",) is what its authors
    froze. Raises UsageError for a part that the model does not have, or if nothing is left to learn."""
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    if unknown := sorted(set(parts) - modules.keys() - parameters.keys()):
        known = ", ".join(name for name, _ in model.named_children())
        raise UsageError(
            f"This model has no part named {', '.join(unknown)} to freeze. Its largest are {known}."
        )
    for name in parts:
        (modules[name] if name in modules else parameters[name]).requires_grad_(False)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UsageError(
            "Every part of the model is frozen: there is nothing to train. Leave something free."
        )


def learn(model: nn.Module, norms: Literal["learn", "keep"] = "learn") -> None:
    """Put a model into the mode in which it learns, and its frozen parts into the one in which they do not: of a frozen
    ResNet the norms then keep their means, and nothing is dropped. So do all norms over batches that are to be kept."""
    model.train()
    for module in model.modules():
        weights = list(module.parameters())
        frozen = weights and not any(weight.requires_grad for weight in weights)
        if frozen or (norms == "keep" and isinstance(module, nn.modules.batchnorm._BatchNorm)):
            module.eval()
