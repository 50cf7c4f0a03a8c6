"""What methods need of a model, and why one may not have it."""

from typing import Any

from seeread.explanation.methods.streams import wire
from seeread.explanation.target import AnyTarget, Labels
from seeread.nn.attention import Attend
from seeread.nn.int8 import Int8Linear, PackedInt8Linear
from seeread.nn.packed import PackedLinear
from seeread.vision.resnet import ResNet


def takes_no_gradients(target: AnyTarget) -> str | None:
    """Why there are no gradients in a model, None where there are."""
    packed = (PackedLinear, Int8Linear, PackedInt8Linear)
    if any(isinstance(module, packed) for module in target.model.module.modules()):
        return "its weights are packed and take no gradients: load it with precision fp32"
    return None


def attention_to_cells(target: AnyTarget) -> str | None:
    """Why no attention leads from a score to places of the picture, None where one does."""
    model: Any = target.model.module
    if target.model.processor.image_transform is None:
        return "it sees no pictures"
    looking = [path for path, module in model.named_modules() if isinstance(module, Attend) and wire(path)]
    if isinstance(target, Labels):  # words have no part in what a picture is made of
        looking = [path for path in looking if not path.startswith(("text.", "cross."))]
    if not looking or not hasattr(model, "config"):
        return "there is no attention between the picture and its answer"
    return None


def no_resnet(target: AnyTarget) -> str | None:
    """Why there is no convolutional tower, None where there is one."""
    tower = getattr(target.model.module, "vision", None)
    return None if isinstance(tower, ResNet) else "its tower is no ResNet"
