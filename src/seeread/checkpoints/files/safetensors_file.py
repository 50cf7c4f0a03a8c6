"""The safetensors format, read without copies and written whole or not at all.

A file is the length of its header (8 bytes), the header (JSON: name -> dtype, shape, place) and the numbers.
Reading it is forty lines, of which thirty are checks; the `safetensors` package makes fewer of them (it takes duplicate
keys and hundreds of thousands of empty tensors), and it refuses to write tied tensors.
Format: https://github.com/huggingface/safetensors#format.
"""

import json
import mmap
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seeread.checkpoints.files.atomic import replacing
from seeread.checkpoints.files.mapped import map_file, tensor_at
from seeread.checkpoints.files.strict_json import MOST_BYTES, parse_object
from seeread.checkpoints.refusal import FETCH_AGAIN, MOST_TENSORS, Refusal, check_tensor_name, naming, shown

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_MOST_AXES = 16


class _Place(NamedTuple):
    """Where in the numbers a tensor lies."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    begin: int
    end: int


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. They lie in the mapped file; changing them in place never changes the file.

    Raises `CheckpointError` if the file is cut, or its header is damaged, forged, or not exactly covered by numbers.
    """
    with naming(path):
        data = map_file(path)
        header, start = _header(data)
        header.pop("__metadata__", None)
        if len(header) > MOST_TENSORS:
            raise Refusal(f"it announces {len(header):,} tensors, and {MOST_TENSORS:,} is the most that is read")
        places = [_place(name, entry) for name, entry in header.items()]
        _check_cover(places, len(data) - start)
        return {
            name: tensor_at(data, start + begin, end - begin, dtype).view(shape)
            for name, dtype, shape, begin, end in places
        }


def read_metadata(path: Path) -> dict[str, str]:
    """The notes in the header of a safetensors file. Raises `CheckpointError` as `read_safetensors` does."""
    with naming(path):
        notes = _header(map_file(path))[0].get("__metadata__", {})
        return {str(key): str(value) for key, value in notes.items()}


def write_safetensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Writes tensors under their names, whole or not at all; tied tensors under each of their names.

    Raises `CheckpointError` if the file cannot be written, or a name or dtype has no place in the format.
    """
    with naming(path), replacing([path]) as (temporary,):
        write_to(temporary, tensors, metadata)


def write_to(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> None:
    """Writes straight into `path`, for callers that already write into a temporary file."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    # Widest numbers first: then every tensor begins at a multiple of the size of its numbers.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    end = 0
    for name in names:
        tensor = tensors[check_tensor_name(name)]
        if tensor.dtype not in _NAMES:
            raise Refusal(f"it cannot hold tensor {shown(name)} of {tensor.dtype}", "Convert the tensor first")
        begin, end = end, end + tensor.numel() * tensor.dtype.itemsize
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(tensors[name].detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)


def _header(data: mmap.mmap) -> tuple[dict[str, Any], int]:
    """The header, and where the numbers begin."""
    size = int.from_bytes(data[:8], "little")
    if data[8:9] != b"{" or not 2 <= size <= MOST_BYTES:
        raise Refusal("it is no checkpoint in a format that seeread knows, or it is damaged", FETCH_AGAIN)
    if 8 + size > len(data):
        raise Refusal(f"it is cut: its header alone takes {8 + size:,} bytes, and it has {len(data):,}", FETCH_AGAIN)
    header = parse_object(data[8 : 8 + size])
    notes = header.get("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        raise Refusal("it is damaged: its metadata is no table of texts")
    return header, 8 + size


def _place(name: str, entry: object) -> _Place:
    check_tensor_name(name)
    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [begin, end], **rest} if not rest:
            numbers = (*shape, begin, end)
            sound = len(shape) <= _MOST_AXES and all(type(n) is int and 0 <= n < 2**60 for n in numbers)
            if sound and kind in DTYPES and end - begin == prod(shape) * DTYPES[kind].itemsize:
                return _Place(name, DTYPES[kind], tuple(shape), begin, end)
    raise Refusal(f"it is damaged or forged: its header describes tensor {shown(name)} in a way that makes no sense")


def _check_cover(places: list[_Place], size: int) -> None:
    """Every byte belongs to exactly one tensor: none to two, none to nobody (where another file could hide)."""
    covered = 0
    for place in sorted(places, key=lambda place: (place.begin, place.end)):
        if place.begin != covered:
            raise Refusal(f"it is damaged or forged: tensor {shown(place.name)} overlaps another or leaves a gap")
        covered = place.end
    if covered > size:
        raise Refusal(f"it is cut: its tensors take {covered:,} bytes, and {size:,} are there", FETCH_AGAIN)
    if covered < size:
        raise Refusal(f"it is damaged or forged: {size - covered:,} bytes at its end belong to no tensor", FETCH_AGAIN)
