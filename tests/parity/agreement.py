"""What it means that two models compute the same: one measure, for the honest runs and for the broken ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seeread.interface import Images
from seeread.models.dual_encoder import DualEncoder

FORWARD, GRADIENT = 1e-5, 1e-4


@dataclass(frozen=True)
class Answer:
    """What a dual encoder says about some images and texts."""

    images: Tensor
    texts: Tensor
    logits: Tensor


Reference = Callable[[Images, Tensor], Answer]


def shake(model: nn.Module, seed: int = 0) -> nn.Module:
    """Random weights, norms and biases included, large enough that each of them matters to the answer."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            norm = "norm" in name and name.endswith("weight")
            parameter.copy_(1 + 0.3 * noise if norm else noise * (1.5 / max(parameter.shape[-1:] or (1,)) ** 0.5))
            if name.endswith(("logit_scale", "log_scale")):
                parameter.fill_(1.3)
    return model.eval()


def answer(model: DualEncoder, images: Images, tokens: Tensor) -> Answer:
    seen, read = model.embed_image(images), model.embed_text(tokens)
    return Answer(seen, read, model.compare(seen, read))


def distance(ours: Tensor, theirs: Tensor, floor: float = 1e-12) -> float:
    """The largest difference, relative to the largest number."""
    assert ours.shape == theirs.shape, f"{tuple(ours.shape)} and {tuple(theirs.shape)}"
    ours, theirs = ours.detach().double(), theirs.detach().double()
    return float((ours - theirs).abs().max()) / max(float(theirs.abs().max()), floor)


def difference(ours: Answer, theirs: Answer) -> float:
    """Of two answers, where they differ most."""
    pairs = [(ours.images, theirs.images), (ours.texts, theirs.texts), (ours.logits, theirs.logits)]
    return max(distance(a, b) for a, b in pairs)


def backward(answer: Answer) -> None:
    """Gradients of a loss in which every logit counts differently."""
    weights = torch.linspace(-1, 1, answer.logits.numel()).reshape(answer.logits.shape).cos()
    (answer.logits * weights).sum().backward()  # type: ignore[no-untyped-call]


def gradient_distances(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> dict[str, float]:
    """Per parameter, the largest difference relative to its largest gradient. Some gradients are zero but for
    rounding (of key biases, which the softmax cancels): those are compared with a hundredth of the largest of all."""
    assert ours.keys() == theirs.keys()
    floor = 1e-2 * max(float(gradient.abs().max()) for gradient in theirs.values())
    return {name: distance(ours[name], gradient, floor) for name, gradient in theirs.items()}
