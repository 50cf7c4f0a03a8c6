"""Checkpoints in several files: shards, and an index that says which tensor lies in which."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from seeread.checkpoints.files.atomic import as_json, replacing
from seeread.checkpoints.files.mapped import refuse_foreign
from seeread.checkpoints.files.safetensors_file import read_safetensors, write_to
from seeread.checkpoints.files.strict_json import MOST_BYTES, parse_object
from seeread.checkpoints.files.torch_file import read_torch
from seeread.checkpoints.refusal import MOST_TENSORS, Refusal, check_tensor_name, naming, shown

_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}", re.ASCII)


def read_sharded(index_path: Path) -> dict[str, Tensor]:
    """All tensors of the shards that an index names (`model.safetensors.index.json`, `pytorch_model.bin.index.json`).

    Shards lie beside the index and are of the kind it stands for: no pickle comes in under a safetensors index.

    Raises `CheckpointError` if a shard is named by more than a plain file name, is of another kind, missing or damaged,
    lacks a tensor that the index promises, or repeats one of another shard.
    """
    with naming(index_path):
        weight_map = _weight_map(index_path)
        safetensors = index_path.name.endswith(".safetensors.index.json")
        read, ending = (read_safetensors, ".safetensors") if safetensors else (read_torch, ".bin")
        shards = sorted(set(weight_map.values()))
        for shard in shards:
            if not _FILE_NAME.fullmatch(shard) or not shard.endswith(ending):
                raise Refusal(f"it names the shard {shown(shard)}, which is no plain name of a {ending} file")
            if not (index_path.parent / shard).is_file():
                raise Refusal(f"its shard {shown(shard)} is missing", "Download that file into the same folder")
    tensors: dict[str, Tensor] = {}
    for shard in shards:
        part = read(index_path.parent / shard)
        with naming(index_path):
            lacking = sorted(name for name, home in weight_map.items() if home == shard and name not in part)
            if lacking:
                raise Refusal(f"its shard {shown(shard)} lacks {len(lacking)} tensors, such as {shown(lacking[0])}")
            twice = sorted(tensors.keys() & part.keys())
            if twice:
                raise Refusal(f"its shard {shown(shard)} repeats tensor {shown(twice[0])} of another shard")
        tensors |= part
    return tensors


def write_sharded(
    folder: Path,
    tensors: Mapping[str, Tensor],
    max_bytes: int = 5 * 10**9,
    metadata: Mapping[str, str] | None = None,
    stem: str = "model",
) -> list[Path]:
    """Writes `<stem>.safetensors`, or several shards of at most `max_bytes` of numbers each, and their index.

    A tensor larger than `max_bytes` has a shard of its own. All shards are complete on the disk before the first takes
    its place, and the index comes last; then weights that an earlier save left under the same stem are removed, for a
    reader might prefer them. Returns the files that now hold the weights. Raises `CheckpointError` if one cannot be
    written; the folder is then as it was.
    """
    parts = _parts(tensors, max_bytes)
    index = folder / f"{stem}.safetensors.index.json"
    if len(parts) == 1:
        paths = [folder / f"{stem}.safetensors"]
    else:
        paths = [folder / f"{stem}-{n:05}-of-{len(parts):05}.safetensors" for n in range(1, len(parts) + 1)] + [index]
    with naming(folder), replacing(paths) as temporaries:
        for part, temporary in zip(parts, temporaries, strict=False):
            write_to(temporary, part, metadata)
        if len(parts) > 1:
            places = {name: path.name for part, path in zip(parts, paths, strict=False) for name in part}
            total = sum(tensor.numel() * tensor.dtype.itemsize for tensor in tensors.values())
            temporaries[-1].write_bytes(as_json({"metadata": {"total_size": total}, "weight_map": places}))
    for old in [index, folder / f"{stem}.safetensors", *folder.glob(f"{stem}-?????-of-?????.safetensors")]:
        if old not in paths:
            old.unlink(missing_ok=True)
    return paths


def _parts(tensors: Mapping[str, Tensor], max_bytes: int) -> list[dict[str, Tensor]]:
    """The tensors in their order, cut before each one that would make a part too large."""
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        more = tensor.numel() * tensor.dtype.itemsize
        if parts[-1] and size + more > max_bytes:
            parts.append({})
            size = 0
        parts[-1][name] = tensor
        size += more
    return parts


def _weight_map(index_path: Path) -> dict[str, str]:
    if not index_path.is_file():
        raise Refusal("there is no such file", "Check the path")
    if index_path.stat().st_size > MOST_BYTES:
        raise Refusal("it is too large for an index of shards")
    start = index_path.read_bytes()
    refuse_foreign(start[:512])
    weight_map = parse_object(start).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise Refusal("it has no `weight_map`, so it is no index of shards")
    if not all(isinstance(shard, str) for shard in weight_map.values()):
        raise Refusal("its `weight_map` names a shard that is no text")
    if len(weight_map) > MOST_TENSORS:
        raise Refusal(f"it names {len(weight_map):,} tensors, and {MOST_TENSORS:,} is the most that is read")
    for name in weight_map:
        check_tensor_name(name)
    return weight_map
