"""Where explanations are drawn: the file, checked before any work is done, and what goes into it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seeread.cli.input.pictures import Failure, Picture
from seeread.cli.output.drawings import FORMATS, plan, save
from seeread.errors import UsageError
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from PIL.Image import Image

    from seeread.explanation.causal.lens import Lens
    from seeread.explanation.causal.patching import Patched
    from seeread.explanation.heatmap import Explanation

PAGES = (".html", ".htm")


def destination(out: Path | None, picture: Picture | Failure) -> Path | None:
    """The page or picture to be. Raises UsageError for one that cannot be, or that would take the picture's place."""
    if out is None:
        return None
    if out.suffix.lower() in PAGES:
        return page_at(out)
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"{printable(str(out))} ends in none of {', '.join((*FORMATS, *PAGES))}. Name another --out.")
    return plan(out, [picture.name], [picture])[picture.name]


def page_at(out: Path) -> Path:
    """A page. Raises UsageError for one that cannot be."""
    if out.suffix.lower() not in PAGES:
        raise UsageError(f"{printable(str(out))} is no page: its name must end in .html.")
    if not os.path.isdir(out.absolute().parent):
        raise UsageError(f"{printable(str(out))} cannot be written: its folder does not exist.")
    return out


def draw(path: Path, picture: "Image", found: Sequence["Explanation"], lens: "Lens | None" = None) -> None:
    """Writes the page or the sheet. Raises SeereadError if it cannot."""
    if path.suffix.lower() in PAGES:
        from seeread.explanation.drawing.page import page

        _write(path, page(picture, found, lens).encode("utf-8", "replace"))
    else:
        from seeread.explanation.drawing.sheet import sheet

        save(path, sheet(picture, found))


def draw_patched(path: Path, found: "Patched") -> None:
    """The same of patching: a page with its matrix, or the matrix alone, as PNG."""
    from seeread.explanation.drawing.patched import matrix, section

    if path.suffix.lower() in PAGES:
        from seeread.charts.pages.page import page

        _write(path, page(f"What carries \u201c{found.about}\u201d", [section(found)]).encode("utf-8", "replace"))
    elif path.suffix.lower() == ".png":
        from seeread.charts.drawing import draw

        _write(path, draw(matrix(found)))
    else:
        raise UsageError(f"{printable(str(path))}: what was put into the other run is drawn as .html or .png.")


def _write(path: Path, content: bytes) -> None:
    from seeread.whole import write_whole

    write_whole(path, lambda file: file.write(content))
