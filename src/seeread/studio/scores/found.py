"""What of all that was measured lies in a folder: records of evaluations, saved pages, calibrations."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Literal

from seeread.evaluation.records.store import RECORDS
from seeread.studio.scores.explained import FORMATS as EXPLANATIONS
from seeread.tasks.certainty.calibration import FORMAT

Kind = Literal["records", "report", "audit", "calibration", "explanations", "published"]
"""Records are drawn anew; a report, an audit or a page of calibration was saved by a command; a file of calibration
says how far a model can be trusted; of the bundled models it is known how faithful explanations are; and what others
report is always there."""

DEEPEST, MOST = 3, 4000
"""Folders within folders that are looked into, and entries that are looked at: a home may hold millions of files."""
_LARGEST = 32 * 2**20  # bytes of a page
_BEGINNING = 4096  # bytes of a file that say what it is
_OURS = "default-src 'none'; script-src 'sha256-"
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


@dataclass(frozen=True)
class Found:
    """Something to be shown. `name` tells it from all others, `title` is for people, `path` where it lies."""

    name: str
    kind: Kind
    title: str
    path: Path


PUBLISHED = Found("imagenet", "published", "ImageNet, without examples", Path())
"""What the authors of many models report, beside what was measured of them in the folder."""


def search(folder: Path) -> list[Found]:
    """All of it below a folder, the records first; and what comes with the bundled models. Hidden folders are left out,
    and nothing outside of the folder is looked at, wherever links may lead."""
    found = [one for path in _files(folder) if (one := _look(folder, path)) is not None]
    order = ("records", "report", "audit", "calibration", "explanations", "published")
    return sorted([*found, *_bundled(), PUBLISHED], key=lambda one: (order.index(one.kind), one.name))


def _files(folder: Path) -> Iterator[Path]:
    """Files, the nearest first."""
    seen, waiting = 0, [(folder, 0)]
    while waiting:
        here, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if (seen := seen + 1) > MOST:
                return
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir() and depth < DEEPEST:
                waiting.append((Path(entry.path), depth + 1))
            elif entry.is_file():
                yield Path(entry.path)


def _look(folder: Path, path: Path) -> Found | None:
    name = _readable(path.relative_to(folder))
    if path.name == RECORDS:
        inside = _readable(path.parent.relative_to(folder))
        return Found(name, "records", folder.name if inside == "." else inside, path.parent)
    if path.suffix == ".html":
        title = _page_title(path)
        kind = None if title is None else _page_kind(title)
        return None if title is None or kind is None else Found(name, kind, title, path)
    return _look_into(name, path) if path.suffix == ".json" else None


def _readable(path: Path) -> str:
    """The path, with question marks for what is no text: names of files may be any bytes."""
    return path.as_posix().encode("utf-8", "replace").decode()


def _look_into(name: str, path: Path) -> Found | None:
    """A file of calibration, or a benchmark of explanations; None for any other JSON."""
    beginning = _beginning(path)
    if (model := _calibrated(beginning)) is not None:
        return Found(name, "calibration", f"{model}: {Path(name).name}", path)
    told = any(f'"{format}"' in beginning + _end(path) for format in EXPLANATIONS)
    return Found(name, "explanations", Path(name).name, path) if told else None


def _page_title(path: Path) -> str | None:
    """The title of a page that a command of ours has saved; None for any other file."""
    if path.stat().st_size > _LARGEST:
        return None
    beginning = _beginning(path)
    title = _TITLE.search(beginning)
    return unescape(title[1]).strip() if title and _OURS in beginning else None


def _page_kind(title: str) -> Kind | None:
    """What was measured; None for a page that shows something else: an explanation, or a space."""
    if title.startswith("Why “") or title.endswith(" sees it"):
        return None
    if title.startswith("Bias audit"):
        return "audit"
    return "calibration" if title.startswith("How far") and title.endswith("trusted") else "report"


def _calibrated(beginning: str) -> str | None:
    """The name of the model that a file of calibration is of; None for any other JSON."""
    if f'"{FORMAT}"' not in beginning:
        return None
    named = re.search(r'"name":\s*("(?:[^"\\]|\\.)*")', beginning)
    try:
        return str(json.loads(named[1])) if named else "a model"
    except ValueError:
        return "a model"


def _beginning(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_BEGINNING).decode("utf-8", "replace")
    except OSError:
        return ""


def _end(path: Path) -> str:
    """The last letters of a file: a record of explanations says at its end what it is."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 256))
            return file.read(256).decode("utf-8", "replace")
    except OSError:
        return ""


def _bundled() -> Iterator[Found]:
    """What was measured of the models that come with the package."""
    for model in sorted((Path(str(files("seeread"))) / "bundled").glob("mini-*")):
        for file, kind in _BUNDLED.items():
            if (path := model / file).is_file():
                yield Found(f"seeread/{model.name}/{file}", kind, f"seeread/{model.name}, as it comes", path)


_BUNDLED: dict[str, Kind] = {"calibration.json": "calibration", "faithfulness.json": "explanations"}
