"""Checkpoints of a run: folders that are whole or not there, and known to be so by their manifests.

`run/checkpoints/step-00000200` holds `state.safetensors`, `state.json` and `manifest.json`, which lists sizes and
SHA-256 of the two and is written last. All of it is brought to the disk under a temporary name; then the folder gets
its own. A process may be killed, or a disk be full, at any moment: what has a name of its own is whole, and which is
the newest is looked up and noted nowhere.
"""

import json
import os
import re
import secrets
import shutil
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from seeread.checkpoints.files import (
    nonfinite,
    read_tensors,
    verify_manifest,
    write_json,
    write_manifest,
    write_safetensors,
)
from seeread.errors import CheckpointError, DataError

CHECKPOINTS, STATE, NOTES, MANIFEST = "checkpoints", "state.safetensors", "state.json", "manifest.json"
_NAME = re.compile(r"step-(\d{8,})", re.ASCII)
_SPARE = 2**20  # bytes: the header, the manifest, and what the file system needs for itself


class Checkpoint(NamedTuple):
    """What was read, and from where. The tensors lie in the mapped file; to change them never changes it."""

    path: Path
    tensors: dict[str, Tensor]
    notes: dict[str, Any]


def write_checkpoint(run: Path, step: int, tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> Path:
    """The state after `step` steps, in a folder of its own; `notes` are what JSON can hold. The folder.

    Raises CheckpointError if a tensor holds a number that is none, or if the disk is full or fails. The folder is not
    there then, and those before it are as they were.
    """
    folder = run / CHECKPOINTS
    place = folder / f"step-{step:08d}"
    if names := nonfinite(tensors):
        raise CheckpointError(
            f"{place}: not written, since {len(names)} of its tensors hold numbers that are none: "
            f"{', '.join(names[:3])}. Go on from the checkpoint before it, with a lower rate."
        )
    needed = sum(tensor.numel() * tensor.dtype.itemsize for tensor in tensors.values()) + _SPARE
    temporary = folder / f".{place.name}.{secrets.token_hex(4)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < needed:
            raise OSError("the disk is too full")
        temporary.mkdir()
        write_safetensors(temporary / STATE, tensors)
        write_json(temporary / NOTES, {"step": step} | dict(notes))
        write_manifest(temporary)
        _to_disk(temporary)
        if place.exists():  # it was passed over as damaged when the run went on from one before it
            remove(place)
        os.rename(temporary, place)
        _to_disk(folder)
    except (OSError, CheckpointError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise CheckpointError(f"{place}: not written. {_room(run, needed)} The reason: {error}") from None
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return place


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint, after a look at every byte of it.

    Raises CheckpointError, which names the file, for one that is not exactly as it was written.
    """
    if not verify_manifest(path):
        raise CheckpointError(
            f"{path}: it has no {MANIFEST}, so that it was never finished. Use another checkpoint."
        )
    listed = json.loads((path / MANIFEST).read_bytes())
    if missing := {STATE, NOTES} - listed.keys():
        raise CheckpointError(f"{path / MANIFEST}: it does not list {min(missing)}. Use another checkpoint.")
    notes = json.loads((path / NOTES).read_bytes())
    if notes["step"] != step_of(path):
        raise CheckpointError(
            f"{path}: it is that of step {notes['step']}, under another name. Give it its own."
        )
    return Checkpoint(path, read_tensors(path / STATE), notes)


def newest(run: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole, None if there are none at all.

    Those that are passed over are named in a warning. Raises DataError if there are checkpoints and none is whole:
    to begin again in silence would be the end of what was learned.
    """
    damaged = []
    for path in checkpoints(run):
        try:
            found = read_checkpoint(path)
        except CheckpointError as error:
            damaged.append(str(error))
            continue
        if damaged:
            warnings.warn(f"Going on from {path.name}. Passed over: {' '.join(damaged)}", stacklevel=2)
        return found
    if damaged:
        raise DataError(
            f"{run / CHECKPOINTS}: none of its {len(damaged)} checkpoints is whole. {damaged[0]} Put a copy back, or "
            "remove the folder to begin from the start."
        )
    return None


def latest(run: Path) -> Path | None:
    """Where the newest checkpoint lies that is whole. Warns and raises as `newest` does."""
    found = newest(run)
    return found.path if found else None


def prune(run: Path, keep: int) -> None:
    """Removes all but the newest `keep` checkpoints, and at least two stay.

    Those stay are counted from the newest one that is whole to the last byte, which is looked at for that. Without one
    nothing is removed.
    """
    paths = checkpoints(run)
    for place, path in enumerate(paths):
        try:
            read_checkpoint(path)
        except CheckpointError:
            continue
        try:
            for old in paths[place + max(keep, 2) :]:
                remove(old)
        except OSError as error:  # no reason to end a run
            warnings.warn(f"An old checkpoint could not be removed: {error}", stacklevel=2)
        return


def checkpoints(run: Path) -> list[Path]:
    """The folders of all checkpoints of a run, whole or not, the newest first."""
    folder = run / CHECKPOINTS
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=step_of, reverse=True)


def step_of(path: Path) -> int:
    """After how many steps it was written."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise CheckpointError(f"{path}: this is no checkpoint of a run; those are named like step-00000200.")
    return int(match[1])


def remove(path: Path) -> None:
    """Removes a checkpoint; it loses its name first, so that there is never half of one under it."""
    doomed = path.with_name(f".{path.name}.{secrets.token_hex(4)}.gone")
    os.rename(path, doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def sweep(run: Path) -> None:
    """Removes what processes left that were killed while they wrote or removed. For the only writer of a run alone."""
    for path in (run / CHECKPOINTS).glob(".step-*"):
        shutil.rmtree(path, ignore_errors=True)


def _room(run: Path, needed: int) -> str:
    """How much space it takes, and how much there is."""
    try:
        free = shutil.disk_usage(run).free
    except OSError:
        return f"A checkpoint takes {needed / 2**20:,.0f} MiB."
    return f"A checkpoint takes {needed / 2**20:,.0f} MiB, and {free / 2**20:,.0f} MiB are free."


def _to_disk(folder: Path) -> None:
    """Brings the names in a folder to the disk. Windows has no such thing."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
