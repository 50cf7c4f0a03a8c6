"""PyTorch's own files: state dicts by `torch.save`, and the TorchScript archives in which OpenAI published CLIP.

Both are a zip archive with a pickle (`data.pkl`) that names tensors and one entry of plain numbers for each storage
(`data/0`, ...). Neither of torch's own loaders is used: that for state dicts checks no checksum and lets compressed
archives grow a thousandfold, that for TorchScript runs the code in the archive. Here the code is never looked at.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seeread.checkpoints.files.archive import MAGIC, Archive
from seeread.checkpoints.files.atomic import replacing
from seeread.checkpoints.files.mapped import map_file, tensor_at
from seeread.checkpoints.files.pickled import read_pickle
from seeread.checkpoints.files.pickled_names import Module, TensorPlace
from seeread.checkpoints.refusal import CONVERT, MOST_TENSORS, Refusal, check_tensor_name, naming, shown

_WRAPPERS = ("state_dict", "model_state_dict", "model")  # what training scripts file the weights under, first hit wins
_PREFIXES = ("module.", "_orig_mod.")  # DistributedDataParallel and torch.compile put these before every name
_DEEPEST_WRAPPER = 3
_LONGEST_PATH, _MOST_ATTRIBUTES = 256, 1_000_000


def read_torch(path: Path) -> dict[str, Tensor]:
    """The state dict in a `.pt`, `.pth`, `.bin` or TorchScript file, as tensors that lie in the mapped file.

    Of a training checkpoint only the weights are taken (`state_dict`, `model_state_dict` or `model` in it), and the
    `module.` of distributed training is dropped from their names. Of TorchScript modules all tensors and integers come
    under their attribute paths, integers as int64 tensors of no axes. Tensors that share numbers in the file share them
    here; changing them in place never changes the file.

    Raises `CheckpointError` if the file is cut, damaged, or holds anything but plain data. Never runs any of it.
    """
    with naming(path):
        data = map_file(path)
        if data[:4] != MAGIC:
            raise Refusal("it is no PyTorch checkpoint, or it is damaged", CONVERT)
        archive = Archive(data)
        top = _top_folder(archive)
        if top + "byteorder" in archive and archive.read(top + "byteorder") != b"little":
            raise Refusal("it holds big-endian numbers", CONVERT)
        places = _without_prefix(_weights(read_pickle(archive.read(top + "data.pkl"))))
        flats: dict[tuple[str, torch.dtype], Tensor] = {}
        tensors = {}
        for name, place in places.items():
            if isinstance(place, int):
                tensors[name] = torch.tensor(place)
                continue
            key = (place.storage.key, place.dtype)
            if key not in flats:
                flats[key] = _flat(archive, f"{top}data/{place.storage.key}", place)
            tensors[name] = flats[key].as_strided(place.size, place.stride, place.offset)
        return tensors


def write_torch_zip(path: Path, tensors: Mapping[str, Tensor], wrap: str | None = None) -> None:
    """Writes a state dict for `read_torch` and `torch.load(weights_only=True)`; `wrap` files it under that key.

    The file appears whole or not at all. Tied tensors are written once. Raises `CheckpointError` if that fails.
    """
    with naming(path), replacing([path]) as (temporary,), temporary.open("wb") as file:
        compact: dict[tuple[object, ...], Tensor] = {}
        state = {}
        for name, tensor in tensors.items():
            identity = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())
            # torch.save writes the whole storage that a tensor looks at: a slice would bring along all it was cut from.
            if identity not in compact:
                compact[identity] = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
            state[name] = compact[identity]
        try:
            torch.save(state if wrap is None else {wrap: state}, file)
        except RuntimeError as error:
            # On a full disk torch still closes its archive, and trips over that: what really happened is the context.
            raise error.__context__ or error from None


def _top_folder(archive: Archive) -> str:
    pickles = [name for name in archive.entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise Refusal("it is a zip archive, but no PyTorch checkpoint: it lacks data.pkl", CONVERT)
    return pickles[0].removesuffix("data.pkl")


def _flat(archive: Archive, entry: str, place: TensorPlace) -> Tensor:
    """The storage of a tensor, without its shape."""
    start, size = archive.place(entry)
    if size != place.storage.elements * place.storage.dtype.itemsize:
        raise Refusal(f"it is damaged or forged: its entry {shown(entry)} is not as large as its pickle says")
    return tensor_at(archive.data, start, size - size % place.dtype.itemsize, place.dtype)


def _weights(root: Any) -> dict[str, TensorPlace | int]:
    """The tensors (and integers) of the state dict or TorchScript module that is, or is in, `root`."""
    for _ in range(_DEEPEST_WRAPPER):
        if isinstance(root, dict):
            root = next((root[name] for name in _WRAPPERS if isinstance(root.get(name), dict | Module)), root)
    entries = _attributes(root) if isinstance(root, Module) else root
    if not isinstance(entries, dict) or not any(isinstance(value, TensorPlace) for value in entries.values()):
        raise Refusal("it holds no state dict", "Name the file that holds the weights, or convert it to safetensors")
    for name, value in entries.items():
        check_tensor_name(name)
        if not isinstance(value, TensorPlace) and type(value) is not int:
            raise Refusal(f"its entry {shown(name)} is of type {type(value).__name__} and no tensor", CONVERT)
    if len(entries) > MOST_TENSORS:
        raise Refusal(f"it holds {len(entries):,} tensors, and {MOST_TENSORS:,} is the most that is read")
    return entries


def _attributes(root: Module) -> dict[str, TensorPlace | int]:
    """Tensors and integers of a tree of modules, under their paths. A forged tree may be a circle or a thicket."""
    found: dict[str, TensorPlace | int] = {}
    waiting, looked = [("", root)], 0
    while waiting:
        prefix, module = waiting.pop()
        looked += 1 + len(module.attributes)
        if len(prefix) > _LONGEST_PATH or looked > _MOST_ATTRIBUTES:
            raise Refusal("it is forged: its modules are nested without end")
        children = []
        for name, value in module.attributes.items():
            if isinstance(value, Module):
                children.append((f"{prefix}{name}.", value))
            elif isinstance(value, TensorPlace) or type(value) is int:
                found[prefix + name] = value
        waiting.extend(reversed(children))
    return found


def _without_prefix(places: dict[str, TensorPlace | int]) -> dict[str, TensorPlace | int]:
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in places):
            places = {name.removeprefix(prefix): place for name, place in places.items()}
    return places
