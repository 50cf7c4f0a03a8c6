"""NumPy's `.npz`, in which big_vision publishes its checkpoints: a zip archive with one `.npy` file for each array.

Arrays that are stored lie in the mapped file and cost nothing to open; compressed ones are unpacked, within a limit.
An array of Python objects is a pickle, and refused. Format: numpy.lib.format, versions 1 to 3; bfloat16, which NumPy
does not have, is written as two bytes without a meaning ("V2").
"""

import mmap
from io import BytesIO
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from seeread.checkpoints.files.archive import MAGIC, Archive
from seeread.checkpoints.files.mapped import map_file, tensor_at
from seeread.checkpoints.refusal import (
    CONVERT,
    FETCH_AGAIN,
    MOST_TENSORS,
    Refusal,
    check_tensor_name,
    naming,
    shown,
)

MOST_UNPACKED = 2**30
"""Bytes that all compressed arrays of a file may take together."""

_DTYPES = {
    "<f8": torch.float64, "<f4": torch.float32, "<f2": torch.float16, "|V2": torch.bfloat16,
    "<i8": torch.int64, "<i4": torch.int32, "<i2": torch.int16, "|i1": torch.int8, "|u1": torch.uint8,
    "|b1": torch.bool,
}  # fmt: skip
_LONGEST_HEADER = 2**14


def read_npz(path: Path, most_unpacked: int = MOST_UNPACKED) -> dict[str, Tensor]:
    """The arrays of a `.npz` file as tensors. Changing them in place never changes the file.

    Raises `CheckpointError` if the file is cut, damaged, forged, holds Python objects, or compressed arrays that take
    more than `most_unpacked` bytes.
    """
    with naming(path):
        mapped = map_file(path)
        if mapped[:4] != MAGIC:
            raise Refusal("it is no .npz file, or it is damaged", FETCH_AGAIN)
        archive = Archive(mapped)
        if len(archive.entries) > MOST_TENSORS:
            raise Refusal(f"it holds {len(archive.entries):,} arrays, and {MOST_TENSORS:,} is the most that is read")
        tensors, left = {}, most_unpacked
        for entry in archive.entries:
            if not entry.endswith(".npy"):
                raise Refusal(f"its entry {shown(entry)} is no array: it is no .npz file", CONVERT)
            name = check_tensor_name(entry.removesuffix(".npy"))
            data: mmap.mmap | bytearray = archive.data
            if archive.is_stored(entry):
                start, size = archive.place(entry)
            else:
                data = archive.unpack(entry, left)
                start, size = 0, len(data)
                left -= size
            tensors[name] = _array(data, start, size, name)
        return tensors


def is_npz(path: Path) -> bool:
    """Whether a file begins as a `.npz` does: an archive whose first entry is an array."""
    with naming(path), path.open("rb") as file:
        start = file.read(_LONGEST_HEADER)
    return start.startswith(MAGIC) and start[30 : 30 + int.from_bytes(start[26:28], "little")].endswith(b".npy")


def _array(data: mmap.mmap | bytearray, start: int, size: int, name: str) -> Tensor:
    header, dtype, shape, first_axis_is_fastest = _header(data[start : start + min(size, _LONGEST_HEADER)], size, name)
    flat = tensor_at(data, start + header, size - header, dtype)
    if first_axis_is_fastest:  # Fortran's order
        return flat.view(shape[::-1]).permute(*range(len(shape) - 1, -1, -1))
    return flat.view(shape)


def _header(start: bytes | bytearray, size: int, name: str) -> tuple[int, torch.dtype, tuple[int, ...], bool]:
    """Of an array of `size` bytes that begins with `start`: the length of its header, its dtype, its shape, and
    whether its first axis is the one that varies fastest."""
    file = BytesIO(start)
    try:
        version = np.lib.format.read_magic(file)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, first_axis_is_fastest, dtype = reader(file)
    except Exception:  # a header is a Python literal, and what can be wrong with one has no end
        raise Refusal(f"it is damaged: its array {shown(name)} has a header that makes no sense") from None
    if dtype.hasobject:
        raise Refusal(f"its array {shown(name)} is of Python objects, which can run any code", CONVERT)
    if dtype.str not in _DTYPES:
        raise Refusal(f"its array {shown(name)} is of {shown(dtype.str)}, which seeread does not read", CONVERT)
    if any(length < 0 for length in shape) or size - file.tell() != prod(shape) * dtype.itemsize:
        raise Refusal(f"it is damaged or forged: its array {shown(name)} is not as large as it says")
    return file.tell(), _DTYPES[dtype.str], shape, first_axis_is_fastest
