"""Calibrations where they lie: made by the user for this very model, or shipped with it."""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from seeread.errors import DataError
from seeread.features.cache import home_folder

if TYPE_CHECKING:
    from seeread.pretrained import Pretrained
    from seeread.tasks.certainty.calibration import Calibration

SHIPPED = "calibration.json"
"""In the folder of a model."""


def usual_calibration(model: "Pretrained", left_out: Callable[[str], None]) -> "Calibration | None":
    """The calibration of this very model that lies where such things are kept, if there is one; None for a remote one.
    `left_out` is told of files there that cannot be read."""
    from seeread.pretrained import Answers
    from seeread.tasks.certainty.calibration import read_calibration

    if isinstance(model.model, Answers):
        return None
    for path in _candidates(model):
        try:
            found = read_calibration(path)
        except DataError as error:
            left_out(str(error))
            continue
        if found.model.is_of(model):
            return found
    return None


def usual_file(model: "Pretrained") -> Path:
    """Where a calibration of this model is kept for the user, so that commands find it."""
    place = str(model.origin.path.absolute())
    told = hashlib.sha256(f"{model.origin.name}\n{place}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = re.sub(r"[^a-z0-9.]+", "-", model.origin.name.lower()).strip("-.")[-48:] or "model"
    return _folder() / f"{name}-{told}.json"


def _candidates(model: "Pretrained") -> Iterator[Path]:
    """The user's files, the one that has this model's name first and then the newest; and the one shipped."""
    own = usual_file(model)
    try:
        kept = [path for path in _folder().iterdir() if path.suffix == ".json" and path.is_file()]
        yield from sorted(kept, key=lambda path: (path != own, -path.stat().st_mtime))
    except OSError:  # there are none
        pass
    folder = model.origin.path if model.origin.path.is_dir() else model.origin.path.parent
    if (folder / SHIPPED).is_file():
        yield folder / SHIPPED


def _folder() -> Path:
    """$XDG_DATA_HOME/seeread/calibration, or where the operating system keeps such things."""
    if chosen := os.environ.get("XDG_DATA_HOME"):
        return Path(os.path.expanduser(chosen)) / "seeread" / "calibration"
    home = home_folder()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "seeread" / "calibration"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "seeread" / "calibration"
    return home / ".local" / "share" / "seeread" / "calibration"
