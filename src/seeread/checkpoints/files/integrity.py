"""Are the bytes still those that were written? Checksums of the files in a folder, and numbers that are none."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seeread.checkpoints.files.atomic import write_json
from seeread.checkpoints.files.mapped import let_go
from seeread.checkpoints.files.strict_json import MOST_BYTES, parse_object
from seeread.checkpoints.refusal import FETCH_AGAIN, Refusal, naming, shown

MANIFEST = "manifest.json"
_AT_ONCE = 2**26  # numbers that are looked at before their memory is given back


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal. Raises `CheckpointError` if it cannot be read."""
    with naming(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path) -> None:
    """Notes size and SHA-256 of every file in `folder` (not in its subfolders) in `manifest.json`."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not _is_apart(path.name))
    entries = {path.name: {"sha256": sha256_of(path), "bytes": path.stat().st_size} for path in files}
    write_json(folder / MANIFEST, entries)


def verify_manifest(folder: Path) -> bool:
    """Compares the files in `folder` with its `manifest.json`; False if it has none.

    Files that are not listed are not looked at. Raises `CheckpointError` that names the first file
    that is missing or has changed.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return False
    with naming(manifest):
        if manifest.stat().st_size > MOST_BYTES:
            raise Refusal("it is too large for a manifest")
        listed = [(name, *_listed(name, entry)) for name, entry in parse_object(manifest.read_bytes()).items()]
    for name, size, sha256 in listed:
        path = folder / name
        with naming(path):
            if not path.is_file():
                raise Refusal(f"it is missing, and {MANIFEST} lists it")
            if path.stat().st_size != size:
                raise Refusal(f"it is cut or changed: {path.stat().st_size:,} bytes, and {MANIFEST} says {size:,}")
            if sha256_of(path) != sha256:
                raise Refusal(f"it is damaged or changed: its SHA-256 is not the one in {MANIFEST}")
    return True


def nonfinite(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the tensors, fresh from their file, that hold NaN or infinity. Reads every number once, and keeps none
    of what is mapped in memory."""
    return [name for name, tensor in tensors.items() if tensor.is_floating_point() and not _is_finite(tensor)]


def _is_finite(tensor: Tensor) -> bool:
    if tensor.numel() == 0:
        return True
    rows = tensor.reshape(1) if tensor.ndim == 0 else tensor
    for part in rows.split(max(1, _AT_ONCE * len(rows) // rows.numel())):
        wide = part if part.dtype.itemsize > 1 else part.float()  # there is no arithmetic in 8 bits
        finite = all(bool(end.isfinite()) for end in torch.aminmax(wide))  # NaN comes through both; no copy is made
        let_go(part)
        if not finite:
            return False
    return True


def _is_apart(name: str) -> bool:
    return name == MANIFEST or name.startswith(".")


def _listed(name: str, entry: Any) -> tuple[int, str]:
    match entry:
        case {"bytes": int(size), "sha256": str(sha256)} if _is_plain(name):
            return size, sha256
    raise Refusal(f"it is damaged: its entry {shown(name)} makes no sense", FETCH_AGAIN)


def _is_plain(name: str) -> bool:
    """Whether this is the name of a file in the folder itself, on any system."""
    return name.isprintable() and name not in ("", ".", "..") and not any(letter in name for letter in "/\\:")
