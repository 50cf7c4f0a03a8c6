"""Where a model runs and in which precision: what the machine at hand does well."""

import torch

from seeread.errors import UsageError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
INT8 = "int8"
"""No precision to compute in: the weights of a language model, and they alone, in 8 bits."""


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """The device of that name; "auto" is a GPU where there is one. Raises `UsageError` for one that is not there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"There is no device {name!r}. Use auto, cpu, cuda, cuda:1 or mps.") from None
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if (device.index or 0) >= there.get(device.type, 0):
        raise UsageError(f"This machine has no {device}, or this build of torch cannot use it. Use device auto or cpu.")
    return device


def choose_precision(name: str | torch.dtype, device: torch.device) -> torch.dtype:
    """The precision of that name; "auto" is bf16 where the device has matrix units for it, and else fp32."""
    if name == "auto":
        return torch.bfloat16 if has_bf16_units(device) else torch.float32
    if name in PRECISIONS.values():
        return name  # type: ignore[return-value]
    if name not in PRECISIONS:
        raise UsageError(f"There is no precision {name!r}. Use auto, {', '.join([*PRECISIONS, INT8])}.")
    return PRECISIONS[name]


def has_bf16_units(device: torch.device) -> bool:
    """Whether products of bf16 matrices are faster there than of fp32: NVIDIA from Ampere on, x86 with AMX or
    AVX512-BF16. (Apple's GPUs gain nothing; other CPUs only emulate it.)"""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu":
        return False
    # Private to torch, and the only way to ask; where a version lacks them the answer is the safe one.
    asked = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(bool(ask()) for ask in asked if ask is not None)
