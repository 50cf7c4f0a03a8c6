"""The closed list of names that the pickle of a checkpoint may use, and what seeread builds for each: descriptions.

Nothing is imported and no class of the file comes to life. A tensor becomes a `TensorPlace`, checked to lie within its
storage; a class of a TorchScript archive (`__torch__.*`) a `Module` that merely keeps its attributes.
Where the names come from: `torch/_utils.py`, `torch/serialization.py`, `torch/csrc/jit/serialization/pickler.cpp`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import torch

from seeread.checkpoints.refusal import CONVERT, Refusal, shown

_MOST_AXES = 16
_DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32, torch.uint16, torch.uint8,
    torch.bool,
)


class Storage(NamedTuple):
    """A piece of memory that lies in the archive as the entry `data/<key>`: `elements` numbers of type `dtype`."""

    key: str
    dtype: torch.dtype
    elements: int


class TensorPlace(NamedTuple):
    """A tensor: a strided view of a storage, checked to lie within it. Offset and stride count elements."""

    storage: Storage
    dtype: torch.dtype
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(eq=False)
class Module:
    """What is left of an instance of a TorchScript class: the attributes it was given."""

    attributes: dict[str, Any] = field(default_factory=dict)


class Builder(NamedTuple):
    """What a name stands for: built as an instance (NEWOBJ) if `new`, else by a call (REDUCE)."""

    build: Callable[..., Any]
    new: bool = False


def check(condition: bool, what: str) -> None:
    """Raises `Refusal` unless the condition holds."""
    if not condition:
        raise Refusal(f"it is damaged or forged: its pickle has {what}")


def named(module: object, name: object) -> Any:
    """What stands in for `module.name`. Raises `Refusal` for a name that is not on the list."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise Refusal("it is damaged or forged: its pickle has a name that is no text")
    if module == "__torch__" or module.startswith("__torch__."):
        return Builder(Module, new=True)
    if (module, name) not in _NAMES:
        wanted = shown(f"{module}.{name}")
        raise Refusal(f"it asks for {wanted}, which is no part of weights, and seeread runs no code of a file", CONVERT)
    return _NAMES[module, name]


def storage(identity: object) -> Storage:
    """The storage that a persistent id of PyTorch names."""
    match identity:
        case ("storage", torch.dtype() as dtype, str(key), str(), int(elements)) if _is_count(elements):
            return Storage(key, dtype, elements)
    raise Refusal("it is damaged or forged: its pickle has an odd storage")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**62


def _tensor(*arguments: object) -> TensorPlace:
    """`torch._utils._rebuild_tensor_v2`; what follows the stride is gradients and hooks (always empty)."""
    match arguments:
        case (Storage() as place, offset, tuple(size), tuple(stride), *_):
            return _view(place, place.dtype, offset, size, stride)
    raise Refusal("it is damaged or forged: its pickle has an odd tensor")


def _tensor_with_dtype(*arguments: object) -> TensorPlace:
    """`torch._utils._rebuild_tensor_v3`, for dtypes that have no storage class: the storage counts bytes."""
    match arguments:
        case (Storage() as place, offset, tuple(size), tuple(stride), _, _, torch.dtype() as dtype, *_):
            return _view(place, dtype, offset, size, stride)
    raise Refusal("it is damaged or forged: its pickle has an odd tensor")


def _view(
    place: Storage, dtype: torch.dtype, offset: Any, size: tuple[Any, ...], stride: tuple[Any, ...]
) -> TensorPlace:
    check(len(size) == len(stride) <= _MOST_AXES, "a tensor of odd shape")
    check(all(map(_is_count, (offset, *size, *stride))), "a tensor of impossible size, stride or offset")
    elements = prod(size)
    last = sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    room = place.elements * place.dtype.itemsize // dtype.itemsize
    # Overlap (a stride of 0) would make a terabyte out of one number as soon as somebody copies the tensor.
    fits = elements == 0 or (elements <= room and offset + last < room)
    check(fits, f"a tensor of shape {size} that its storage of {room:,} elements does not hold")
    return TensorPlace(place, dtype, offset, size, stride)


def _parameter(*arguments: object) -> TensorPlace:
    match arguments:
        case (TensorPlace() as tensor, *_):
            return tensor
    raise Refusal("it is damaged or forged: its pickle has a parameter that is no tensor")


def _size(lengths: object) -> object:
    check(isinstance(lengths, tuple | list), "an odd shape")
    return lengths


def _device(*arguments: object) -> None:
    """Where a tensor once lived does not matter here."""


def _ordered_dict(*items: object) -> dict[object, object]:
    check(not items, "an OrderedDict made from arguments")  # torch.save fills it afterwards
    return {}


def _typed(items: object, *kind: object) -> object:
    """TorchScript wraps lists and dicts in a call that only notes the type of their items."""
    check(isinstance(items, list | dict), "an odd list")
    return items


_NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): Builder(_ordered_dict),
    ("torch", "Size"): Builder(_size),
    ("torch", "device"): Builder(_device),
    ("torch._utils", "_rebuild_tensor_v2"): Builder(_tensor),
    ("torch._utils", "_rebuild_tensor_v3"): Builder(_tensor_with_dtype),
    ("torch._utils", "_rebuild_parameter"): Builder(_parameter),
    ("torch.jit._pickle", "build_intlist"): Builder(_typed),
    ("torch.jit._pickle", "build_doublelist"): Builder(_typed),
    ("torch.jit._pickle", "build_boollist"): Builder(_typed),
    ("torch.jit._pickle", "build_tensorlist"): Builder(_typed),
    ("torch.jit._pickle", "restore_type_tag"): Builder(_typed),
    ("torch.storage", "UntypedStorage"): torch.uint8,
    ("torch", "DoubleStorage"): torch.float64,
    ("torch", "FloatStorage"): torch.float32,
    ("torch", "HalfStorage"): torch.float16,
    ("torch", "BFloat16Storage"): torch.bfloat16,
    ("torch", "LongStorage"): torch.int64,
    ("torch", "IntStorage"): torch.int32,
    ("torch", "ShortStorage"): torch.int16,
    ("torch", "CharStorage"): torch.int8,
    ("torch", "ByteStorage"): torch.uint8,
    ("torch", "BoolStorage"): torch.bool,
    **{("torch", str(dtype).removeprefix("torch.")): dtype for dtype in _DTYPES},
}
