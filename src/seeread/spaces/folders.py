"""Which folders of pictures there are to choose from, below the one that a program was started in."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from seeread.data.sets.place import is_picture
from seeread.errors import UsageError

_DEEPEST = 4
_MOST_VISITED = 3000  # folders that are looked into; whoever starts in a whole disk shall not wait for it
MOST = 200
"""Folders that are listed."""


@dataclass(frozen=True)
class Folder:
    """A folder by its path below the root ("" is the root itself), and how many pictures it holds, here and below."""

    name: str
    pictures: int


def folders(root: Path) -> list[Folder]:
    """The folders with pictures in or below `root`, the root first, then by name. Links to other folders are not
    followed, and what may not be read is passed over."""
    counts: Counter[str] = Counter()
    ahead, visited = [("", 0)], 0
    while ahead and visited < _MOST_VISITED:
        below, depth = ahead.pop(0)
        visited += 1
        try:
            with os.scandir(root / below) as found:
                entries = [entry for entry in found if not entry.name.startswith(".")]
        except OSError:
            continue
        ahead += [
            (os.path.join(below, entry.name), depth + 1)
            for entry in sorted(entries, key=lambda entry: entry.name)
            if depth < _DEEPEST and entry.is_dir(follow_symlinks=False) and _is_text(entry.name)
        ]
        if pictures := sum(is_picture(entry.name) for entry in entries):
            for part in (below, *map(str, Path(below).parents)) if below else ("",):
                counts["" if part == "." else part] += pictures
    return [Folder(name, counts[name]) for name in sorted(counts)][:MOST]


def _is_text(name: str) -> bool:
    """Whether it can be told to anybody: names of files may be any bytes."""
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def inside(root: Path, name: str) -> Path:
    """The folder of that name below `root`. Raises UsageError for one that is not there, or leads out of it."""
    try:
        path = (root / name).resolve()
        there = path.is_relative_to(root.resolve()) and path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        there = False
    if not there:
        raise UsageError("There is no such folder below the one that this was started in. Choose one of the list.")
    return path
