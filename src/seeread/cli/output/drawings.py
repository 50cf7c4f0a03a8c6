"""Drawn pictures: where each goes, planned before any work is done, so that no picture is ever written over."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seeread.cli.input.pictures import Failure, Picture
from seeread.errors import SeereadError, UsageError
from seeread.preprocessing.image import printable
from seeread.whole import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def plan(out: Path, arguments: Sequence[str], pictures: Sequence[Picture | Failure]) -> dict[str, Path]:
    """The file that each picture is drawn into, by the picture's name.

    A single one goes into `out`, if that ends like a picture. Otherwise `out` is a folder, in which those that were
    found in a folder of `arguments` keep their places. Raises UsageError where that cannot be, or where a file would
    be one of the pictures themselves.
    """
    name = printable(str(out))
    names = list(dict.fromkeys(picture.name for picture in pictures))
    if out.suffix.lower() in FORMATS and not os.path.isdir(out):
        if len(names) > 1:
            raise UsageError(f"{name} is one file, and there are {len(names)} pictures. Name a folder with --out.")
        if not os.path.isdir(out.absolute().parent):
            raise UsageError(f"{name} cannot be written: its folder does not exist.")
        targets = dict.fromkeys(names, out)
    else:
        if os.path.exists(out) and not os.path.isdir(out):
            raise UsageError(f"{name} is no folder, and no picture file ending in {', '.join(FORMATS)}.")
        targets = {}
        for each in names:
            targets[each] = _free(out / _place(each, arguments), targets.values())
    _spare(targets.values(), names)
    return targets


def save(path: Path, picture: "Image") -> None:
    """Writes a picture whole or not at all, in the format of its ending. Raises SeereadError if it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise SeereadError(f"{printable(str(path.parent))} cannot be made a folder. Choose another --out.") from None
    write_whole(path, lambda file: picture.save(file, FORMATS[path.suffix.lower()], quality=92))


def _place(name: str, arguments: Sequence[str]) -> Path:
    """Where a picture goes within the folder of drawn ones."""
    if name.lower().startswith(("http://", "https://")):
        place = Path(os.path.basename(urlsplit(name).path) or "picture")
    else:
        folders = [each for each in arguments if os.path.isdir(each) and name.startswith(os.path.join(each, ""))]
        place = Path(os.path.relpath(name, folders[0]) if folders else os.path.basename(name))
    return place if place.suffix.lower() in FORMATS else place.with_name(place.name + ".png")


def _free(path: Path, taken: Iterable[Path]) -> Path:
    """The path, with a number if there is such a one already."""
    taken = set(taken)
    candidate, number = path, 2
    while candidate in taken:
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


def _spare(targets: Iterable[Path], names: Sequence[str]) -> None:
    """Raises UsageError if a target is one of the pictures, under whatever path."""
    pictures = {identity for name in names if (identity := _identity(Path(name)))}
    for target in targets:
        if _identity(target) in pictures:
            raise UsageError(
                f"{printable(str(target))} is one of the pictures, which are never written over. Choose another --out."
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # there is no such file
        return None
    return found.st_dev, found.st_ino
