"""MobileNetV2, which knows ImageNet's classes, as a teacher: its arrays, put together again.

Sandler et al., arXiv:1801.04381; the weights are those of `mobilenet_v2_1.0_224_quant` (Apache-2.0), 8-bit numbers that
are taken back to float32. `graph.json` lists its operations in order, with TensorFlow's padding.
"""

import json
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor


class Teacher:
    """Scores of 1,001 classes, of pictures of any size."""

    def __init__(self, folder: Path):
        arrays = numpy.load(folder / "mobilenet_v2_quant.npz")
        self.operations = json.loads((folder / "graph.json").read_text())["ops"]
        self.weights: dict[str, tuple[Tensor, Tensor]] = {}
        for operation in self.operations:
            if name := operation.get("weight"):
                stored, zero = arrays[f"{name}_w"].astype(numpy.float32), arrays[f"{name}_zero"]
                weight = torch.from_numpy((stored - zero.astype(numpy.float32)) * arrays[f"{name}_scale"])
                deep = operation["op"] == "DEPTHWISE_CONV_2D"
                weight = weight.permute(3, 0, 1, 2) if deep else weight.permute(0, 3, 1, 2)
                self.weights[name] = weight.contiguous(), torch.from_numpy(arrays[f"{name}_bias"])

    @torch.inference_mode()
    def __call__(self, images: Tensor, side: int, mirrored: bool = False) -> Tensor:
        """(images, 1001) float32, of (images, 3, height, width) uint8 shown at `side` pixels."""
        pixels = images.flip(3).float() if mirrored else images.float()
        if pixels.shape[-1] != side:
            pixels = F.interpolate(pixels, (side, side), mode="bicubic", antialias=True).clamp(0, 255)
        values = {self.operations[0]["in"][0]: (pixels - 128) / 128}
        for operation in self.operations:
            values[operation["out"]] = self._apply(operation, [values[place] for place in operation["in"]])
            if operation["op"] == "RESHAPE":
                break  # what follows turns scores into shares
        return values[operation["out"]]

    def _apply(self, operation: dict[str, object], inputs: list[Tensor]) -> Tensor:
        kind, x = operation["op"], inputs[0]
        if kind == "ADD":
            return x + inputs[1]
        if kind == "AVERAGE_POOL_2D":
            return x.mean((2, 3), keepdim=True)
        if kind == "RESHAPE":
            return x.flatten(1)
        weight, bias = self.weights[str(operation["weight"])]
        stride, kernel, side = int(str(operation["stride"])), weight.shape[-1], x.shape[-1]
        missing = max(0, (-(-side // stride) - 1) * stride + kernel - side)
        x = F.pad(x, (missing // 2, missing - missing // 2) * 2)
        x = F.conv2d(x, weight, bias, stride, groups=x.shape[1] if kind == "DEPTHWISE_CONV_2D" else 1)
        return x.clamp(0, 6) if operation["relu6"] else x


def scores(teacher: Teacher, images: Tensor, views: tuple[tuple[int, bool], ...]) -> Tensor:
    """The mean of the teacher's scores, (images, 1001) float16, over views: at how many pixels, mirrored or not."""
    batches = images.split(100)
    return torch.cat(
        [torch.stack([teacher(batch, *view) for view in views]).mean(0).half() for batch in batches]
    )
