"""The pictures of a folder and the folders in it."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from seeread.errors import DataError
from seeread.preprocessing.image import printable

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
"""What the name of a picture ends in, in lower case."""


@dataclass(frozen=True)
class Stamp:
    """What tells, without reading it, that a file has changed."""

    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True)
class Walk:
    """What was found: pictures by their path below the folder, in order, and folders that may not be read."""

    pictures: dict[str, Stamp] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def walk(folder: str | os.PathLike[str]) -> Walk:
    """Finds the pictures in `folder` and below, by their suffix; what begins with a dot is left alone.

    Links to files and folders are followed, each folder is entered once. Names that are not UTF-8 come through as
    Python keeps them. Raises DataError if `folder` is no folder, or may not be read.
    """
    check_folder(folder)
    found = Walk()
    found.pictures.update(sorted(_pictures(Path(folder), found.unreadable)))
    if "" in found.unreadable:
        raise DataError(f"{printable(os.fspath(folder))} may not be read. Check its permissions.")
    return found


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Raises DataError if there is no such folder."""
    try:
        if os.path.isdir(folder):
            return
        there = "is not a folder" if os.path.lexists(folder) else "does not exist"
    except ValueError:  # a zero byte in the name
        there = "does not exist"
    raise DataError(f"{printable(os.fspath(folder))} {there}. Give the path of a folder with pictures.")


def _pictures(root: Path, unreadable: list[str]) -> Iterator[tuple[str, Stamp]]:
    ahead = [""]  # folders to enter, by their path below the root
    seen = set()
    while ahead:
        folder = ahead.pop()
        try:
            here = (root / folder).stat()
            with os.scandir(root / folder) as entries:
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            unreadable.append(folder)
            continue
        if (here.st_dev, here.st_ino) in seen:  # links may lead round in circles
            continue
        seen.add((here.st_dev, here.st_ino))
        for entry in children:
            path = os.path.join(folder, entry.name)
            try:
                status = entry.stat()
            except OSError:  # a link to nowhere, or gone since
                continue
            if entry.name.startswith("."):
                continue
            if stat.S_ISDIR(status.st_mode):
                ahead.append(path)
            elif stat.S_ISREG(status.st_mode) and os.path.splitext(entry.name)[1].lower() in SUFFIXES:
                yield path, Stamp(status.st_size, status.st_mtime_ns)
