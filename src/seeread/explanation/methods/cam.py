"""Class activation maps of a convolutional tower: what its stages saw, weighted by what more of it would do.

Grad-CAM (arXiv:1610.02391) gives each channel of the last stage one weight, the mean of its gradient over the picture.
That is right where the mean of all places is what counts. Where attention picks out a place, as in CLIP's pooling and
in all that reads image tokens, LayerCAM (doi:10.1109/TIP.2021.3089943) is: there each place has a weight of its own,
which also makes the early stages worth looking at, whose maps are finer.
"""

from typing import Any

import torch
from torch import Tensor

from seeread.explanation.methods.method import Drawn, Method
from seeread.explanation.methods.needs import no_resnet, takes_no_gradients
from seeread.explanation.methods.run import Run, watch
from seeread.explanation.target import AnyTarget


def gradcam(target: AnyTarget) -> list[Drawn]:
    """A map of each score: channels of the last stage, each times the mean of its gradient, added, as far as they are
    positive."""
    last = _stages(target)[-1]
    run = watch(target, last)
    [given] = run.captured.features[last]
    weights = (_gradients(run, index, [given])[0].mean(dim=(2, 3), keepdim=True) for index in range(len(run.odds)))
    return [run.draw((each * given).sum(dim=1).clamp(min=0).flatten(1)) for each in weights]


def layercam(target: AnyTarget) -> list[Drawn]:
    """A map of each score, as fine as the first stage: what each stage gave times what is positive in its gradient
    there, summed over channels. All stages count the same."""
    stages = _stages(target)
    run = watch(target, *stages)
    given = [run.captured.features[stage][0] for stage in stages]
    return [_layercam(run, given, index) for index in range(len(run.odds))]


def _layercam(run: Run, given: list[Tensor], index: int) -> Drawn:
    together: Tensor | None = None
    for features, gradient in zip(given, _gradients(run, index, given), strict=True):
        values, area = run.draw((gradient.clamp(min=0) * features).sum(dim=1).clamp(min=0).flatten(1))
        values = values / values.sum().clamp(min=torch.finfo(values.dtype).tiny)
        together = values if together is None else together + _spread(values, together.shape)
    assert together is not None
    return together, area


def _spread(values: Tensor, shape: torch.Size) -> Tensor:
    """A coarser map on a finer grid."""
    rows, columns = shape[0] // values.shape[0], shape[1] // values.shape[1]
    return values.repeat_interleave(rows, dim=0).repeat_interleave(columns, dim=1) / (rows * columns)


def _gradients(run: Run, index: int, given: list[Tensor]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(run.odds[index], given, retain_graph=True)


def _stages(target: AnyTarget) -> list[str]:
    """The stages of the tower that are made use of."""
    config: Any = target.model.module.config
    return [f"vision.stages.{number}" for number in range(len(config.vision.layers) - getattr(config, "skip_last", 0))]


def _fits(target: AnyTarget) -> str | None:
    return no_resnet(target) or takes_no_gradients(target)


LAYERCAM = Method(
    name="layercam",
    summary="What the stages of a ResNet saw at each place, weighted by what more of it would do for the answer.",
    source="doi:10.1109/TIP.2021.3089943",
    kind="shipped",
    fits=_fits,
    maps=layercam,
)
"""For models with a ResNet as their tower, whether they compare or write."""

GRADCAM = Method(
    name="gradcam",
    summary="What the channels of a ResNet's last stage saw, each with one weight for the whole picture.",
    source="arXiv:1610.02391",
    kind="baseline",
    fits=_fits,
    maps=gradcam,
)
"""A baseline: it takes for granted that all places of the picture count the same."""
