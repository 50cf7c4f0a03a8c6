"""Files that appear whole or not at all: written beside their place, brought to the disk, then renamed."""

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seeread.checkpoints.refusal import naming


@contextmanager
def replacing(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Gives a temporary path for each of `paths`, to be written within; at the end they take their places, in order.

    On any exception they vanish, and `paths` are what they were before. A reader that has an old file open or mapped
    keeps the old one. Raises `OSError` as the file system does.
    """
    temporaries = [path.with_name(f".{path.name}.{secrets.token_hex(4)}.part") for path in paths]
    try:
        yield temporaries
        for temporary in temporaries:
            _to_disk(temporary, os.O_RDWR)
        for temporary, path in zip(temporaries, paths, strict=True):
            os.replace(temporary, path)
    except BaseException:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        raise
    for folder in {path.parent for path in paths}:
        with suppress(OSError):  # only some systems let a folder be synchronised; the names are in place already
            _to_disk(folder, os.O_RDONLY)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a small file whole or not at all. Raises `CheckpointError` if it cannot be written."""
    with naming(path), replacing([path]) as (temporary,):
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as JSON for people to read, whole or not at all. Raises `CheckpointError` if it cannot."""
    write_bytes(path, as_json(value))


def as_json(value: Any) -> bytes:
    """`value` as JSON for people to read."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _to_disk(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
