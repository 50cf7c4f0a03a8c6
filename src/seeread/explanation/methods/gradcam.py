"""Grad-CAM: the channels of a convolutional tower, weighted by what more of them would do (arXiv:1610.02391)."""

from typing import Any

import torch
from torch import Tensor

from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import no_resnet, takes_no_gradients
from seeread.explanation.methods.run import watch
from seeread.explanation.target import AnyTarget


def gradcam(target: AnyTarget) -> list[Drawn]:
    """A map of each score: the sum over channels of what the last stage of the tower gave, each times the mean of its
    gradient over the picture, as far as it is positive."""
    config: Any = target.model.module.config
    stage = f"vision.stages.{len(config.vision.layers) - 1 - getattr(config, 'skip_last', 0)}"
    run = watch(target, stage)
    [given] = run.captured.features[stage]
    maps = []
    for odds in run.odds:
        (gradient,) = torch.autograd.grad(odds, given, retain_graph=True)
        maps.append(run.draw(_cam(given.detach(), gradient)))
    return maps


def _cam(features: Tensor, gradient: Tensor) -> Tensor:
    """Both (pictures, channels, rows, columns), to (pictures, rows * columns)."""
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * features).sum(dim=1).clamp(min=0).flatten(1).float().cpu()


def _fits(target: AnyTarget) -> str | None:
    return no_resnet(target) or takes_no_gradients(target)


GRADCAM = Method(
    name="gradcam",
    summary="What the last stage of a ResNet saw, weighted by what more of it would do for the answer.",
    source="arXiv:1610.02391",
    kind="shipped",
    fits=_fits,
    maps=gradcam,
)
"""For models with a ResNet as their tower, whether they compare or write."""
