"""Are the bytes those that were published? Compares files with the hashes that their names in the cache are."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from seeread.checkpoints.catalogue import entries
from seeread.errors import CheckpointError


@dataclass(frozen=True)
class Verified:
    """Names of files: those whose bytes are as published, and those of which nothing is known to compare with."""

    same: tuple[str, ...]
    unknown: tuple[str, ...]


def verify(path: Path) -> Verified:
    """Reads every file of a folder, or one file, and compares it with the hash under which the hub's cache keeps it.

    That is the SHA-256 of large files and git's SHA-1 of small ones. OpenAI's archives are known by their SHA-256.
    Files elsewhere, and caches on systems without links, have nothing to be compared with.

    Raises `CheckpointError` that names the first file that was changed, and how to be rid of it.
    """
    files = [path] if path.is_file() else sorted(file for file in path.iterdir() if file.is_file())
    same = {file.name for file in files if _is_as_published(file)}
    return Verified(tuple(sorted(same)), tuple(file.name for file in files if file.name not in same))


def _is_as_published(file: Path) -> bool:
    """False if there is nothing to compare it with."""
    blob = file.resolve()
    if blob.parent.name != "blobs":
        return _sha256(file) in {entry.archive.sha256 for entry in entries() if entry.archive}
    found = {64: _sha256, 40: _git_sha1}.get(len(blob.name), lambda _: blob.name)(blob)
    if found != blob.name:
        raise CheckpointError(f"{file}: it is not what was downloaded. Delete {blob} and load the model again.")
    return len(blob.name) in (40, 64)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _git_sha1(file: Path) -> str:
    head = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
    with file.open("rb") as opened:
        while part := opened.read(2**20):
            head.update(part)
    return head.hexdigest()
