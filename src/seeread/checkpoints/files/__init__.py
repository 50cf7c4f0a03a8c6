"""The one door to files of weights: any format to named tensors, safely, and back."""

import os
from pathlib import Path

from torch import Tensor

from seeread.checkpoints.files.archive import MAGIC
from seeread.checkpoints.files.atomic import write_bytes, write_json
from seeread.checkpoints.files.integrity import nonfinite, sha256_of, verify_manifest, write_manifest
from seeread.checkpoints.files.mapped import let_go
from seeread.checkpoints.files.npz_file import read_npz
from seeread.checkpoints.files.safetensors_file import read_metadata, read_safetensors, write_safetensors
from seeread.checkpoints.files.sharded import read_sharded, write_sharded
from seeread.checkpoints.files.torch_file import read_torch, write_torch_zip
from seeread.checkpoints.refusal import naming

__all__ = [
    "let_go",
    "nonfinite",
    "read_metadata",
    "read_npz",
    "read_sharded",
    "read_tensors",
    "sha256_of",
    "verify_manifest",
    "write_bytes",
    "write_json",
    "write_manifest",
    "write_safetensors",
    "write_sharded",
    "write_torch_zip",
]


def read_tensors(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Names and tensors of a file of weights: safetensors, `torch.save`, TorchScript, or the index of shards.

    What the file is, its content tells, not its name. Tensors lie in the mapped file, so that opening it costs next to
    nothing (zip archives are read once for their checksums); changing them in place never changes the file.

    Raises `CheckpointError` with file, reason and next step if it is cut, damaged, forged, or not what it seems.
    No code in it is ever run.
    """
    path = Path(path)
    if path.name.endswith(".index.json"):
        return read_sharded(path)
    with naming(path):
        start = b""
        if path.is_file():
            with path.open("rb") as file:
                start = file.read(len(MAGIC))
    return read_torch(path) if start == MAGIC else read_safetensors(path)
