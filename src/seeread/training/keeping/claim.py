"""One writer for the folder of a run."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from seeread.errors import UsageError
from seeread.training.keeping.checkpoint import sweep

LOCK = ".lock"
_PATIENCE = 2.0  # seconds: a process that was killed may take a moment to be gone
_OURS: set[Path] = set()


@contextmanager
def claim(run: Path) -> Iterator[None]:
    """Makes the folder of a run, this process its only writer, and clears away what killed ones left in it.

    The claim of a process ends with it, however it ends; those that it forks have none. Raises UsageError if another
    process has it, if this one has it already, or if nothing can be written there.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        place = run.resolve()
        if (
            place in _OURS
        ):  # before the file is opened: to close it anywhere in a process ends the claim of all of it
            raise _taken(run, str(os.getpid()))
        file = (run / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{run}: {error.strerror}. Name a folder that can be written to.") from None
    with file:
        if not _locked(file):
            file.seek(0)
            raise _taken(run, file.read().strip())
        with suppress(OSError):  # the number is for the message alone, and the disk may be full
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        _OURS.add(place)
        try:
            sweep(run)
            yield
        finally:
            _OURS.remove(place)


def _taken(run: Path, process: str) -> UsageError:
    return UsageError(
        f"{run}: process {process} trains in this folder. Wait until it is done, end it, or train in another folder."
    )


def _locked(file: IO[str]) -> bool:
    """Whether the lock is ours now. These locks (fcntl, not flock) are not inherited: a worker that outlives the
    process that forked it by a moment must not keep the next run out."""
    if sys.platform == "win32":
        return True
    import fcntl

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # which of the two, systems do not agree on
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        else:
            return True
