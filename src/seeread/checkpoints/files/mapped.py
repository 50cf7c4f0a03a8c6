"""A file as memory: mapped, not read, with tensors that lie directly in it."""

import mmap
import sys
from pathlib import Path
from weakref import WeakSet

import torch
from torch import Tensor

from seeread.checkpoints.refusal import CONVERT, FETCH_AGAIN, Refusal

_FOREIGN = (
    (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", "it is a pickle from before PyTorch 1.6",
     "Open it once with the PyTorch that wrote it, if you trust its source, and save it again"),
    (b"\x80", "it is a bare pickle, which can run any code", CONVERT),
    (b"version https://git-lfs", "it is a Git LFS pointer, not the file itself",
     "Run `git lfs pull` in its folder, or download the file from its page"),
    (b"\x1f\x8b", "it is compressed with gzip", "Unpack it first"),
    (b"7z\xbc\xaf", "it is a 7z archive", "Unpack it first"),
    (b"GGUF", "it is a GGUF file, which seeread does not read", CONVERT),
    (b"\x93NUMPY", "it is a NumPy array, not a checkpoint", CONVERT),
    (b"\x89HDF", "it is an HDF5 file, which seeread does not read", CONVERT),
)


def map_file(path: Path) -> mmap.mmap:
    """The bytes of a file, copy on write: tensors may be changed in place and the file never is.

    Raises `Refusal` if there is nothing to map, or if it is plainly something else than weights.
    """
    if path.is_dir():
        raise Refusal("it is a folder, not a file of weights", "Name a file in it")
    if not path.is_file():
        raise Refusal("there is no such file", "Check the path")
    if sys.byteorder != "little":
        raise Refusal("it holds little-endian numbers, and this machine is big-endian", "Use another machine")
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise Refusal("it is empty", FETCH_AGAIN)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    refuse_foreign(data[:512])
    _MAPS.add(data)
    return data


_MAPS: WeakSet[mmap.mmap] = WeakSet()


def let_go(tensor: Tensor) -> None:
    """Give the memory of a tensor that lies in a mapped file back to the system: its numbers are in use no longer, or
    not for a while. They come from the file again when somebody looks. Does nothing for any other tensor.

    Only for tensors that nobody has changed in place since the file was mapped: a change would be forgotten.
    """
    if sys.platform != "linux" or tensor.numel() == 0 or tensor.device.type != "cpu":  # elsewhere it is but a hint
        return
    for data in list(_MAPS):
        start = tensor.data_ptr() - torch.frombuffer(data, dtype=torch.uint8, count=1).data_ptr()
        if 0 <= start < len(data):
            end = min(start + tensor.numel() * tensor.element_size(), len(data))
            first = start - start % mmap.PAGESIZE
            data.madvise(mmap.MADV_DONTNEED, first, end - first)


def refuse_foreign(start: bytes) -> None:
    """Raises `Refusal` if the first bytes of a file tell that it is a web page, a pointer, another archive..."""
    if start[8:9] == b"{":  # safetensors, whose first byte is the size of a header: 0x80 as well as any other
        return
    for magic, reason, remedy in _FOREIGN:
        if start.startswith(magic):
            raise Refusal(reason, remedy)
    if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise Refusal("it is a web page, not a file of weights", "Use the page's download link")


def tensor_at(data: mmap.mmap | bytearray, start: int, size: int, dtype: torch.dtype) -> Tensor:
    """`size` bytes from `start` on as a flat tensor, which shares them with `data` and keeps it alive."""
    if size == 0:  # torch.frombuffer refuses to look at nothing
        return torch.empty(0, dtype=dtype)
    raw = torch.frombuffer(data, dtype=torch.uint8, count=size, offset=start)
    if start % dtype.itemsize:  # legal in a file, but kernels expect aligned numbers
        raw = raw.clone()
    if dtype == torch.bool and int(raw.max()) > 1:  # a bool of 2 is undefined behaviour in C++
        raise Refusal("it holds truth values that are neither 0 nor 1")
    return raw.view(dtype)
