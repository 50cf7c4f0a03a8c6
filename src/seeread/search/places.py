"""Where an index lies, and how only one process at a time writes it."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BESIDE = ".seeread"
"""The folder in a folder of pictures that keeps its index, where its owner wants it there."""


def index_file(folder: Path, key: str, beside: bool | None = None) -> Path:
    """The file that keeps the vectors of a folder by one model.

    In the user's cache, so that folders of pictures stay as they are; or `beside` the pictures, in `.seeread`, where it
    moves with them. None: beside them if that folder is there already.
    """
    if beside or (beside is None and (folder / BESIDE).is_dir()):
        return folder / BESIDE / f"{key}.safetensors"
    place = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    return cache_folder() / "search" / place / f"{key}.safetensors"


def cache_folder() -> Path:
    """The user's cache: $XDG_CACHE_HOME/seeread, or where the operating system keeps such things."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen).expanduser() / "seeread"
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "seeread"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "seeread" / "Cache"
    return home / ".cache" / "seeread"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Waits until no other process is inside for the same file. The lock of a process that is killed is gone with it.

    Where a file system has no locks, or may not be written, it goes on without: files are replaced whole, so that the
    worst that can happen is work done twice.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    lock = None
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if lock is not None:
            lock.close()
