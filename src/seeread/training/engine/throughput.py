"""How fast a run is: pictures, and what share of the device's arithmetic they keep busy."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from seeread.interface import Batch, Frames, Patches, Tiles
from seeread.training.settings import Settings

PEAKS: Mapping[str, tuple[float, float]] = {
    "H200": (989e12, 67e12),
    "H100 NVL": (835e12, 60e12),
    "H100 PCIe": (756e12, 51e12),
    "H100": (989e12, 67e12),
    "B200": (2250e12, 75e12),
    "A100": (312e12, 19.5e12),
    "A10G": (70e12, 31.5e12),
    "A10": (125e12, 31.2e12),
    "A40": (150e12, 37.4e12),
    "L40S": (362e12, 91.6e12),
    "L4": (121e12, 30.3e12),
    "RTX 4090": (165e12, 82.6e12),
    "RTX 3090": (71e12, 35.6e12),
}
"""Operations a second in bf16 (dense) and in fp32 by the makers' data sheets; the first name that is a part of the
device's own counts."""


def peak(device: torch.device, half: bool) -> float | None:
    """Operations a second that a device is made for, None where that is not known."""
    if device.type != "cuda":
        return None
    own = torch.cuda.get_device_name(device)
    known = next((peaks for name, peaks in PEAKS.items() if name in own), None)
    return known[0 if half else 1] if known else None


def model_work(counted: int, settings: Settings) -> float:
    """Operations that a model takes to learn from what was counted once, forward and backward. What is computed a
    second time only to save memory is none of it: about a quarter, for backward takes twice as much as forward."""
    return counted * 3 / 4 if settings.recompute else counted


def examples(batch: Any) -> int:
    """How many pictures a batch has, and how many rows if it has none."""
    match batch:
        case Batch():
            return len(batch.tokens) if batch.images is None else len(batch.images)
        case Tensor() | Patches() | Tiles() | Frames():
            return len(batch)
        case tuple() | list():
            return examples(batch[0])
        case Mapping():
            return examples(next(iter(batch.values())))
    return len(batch.tokens)
