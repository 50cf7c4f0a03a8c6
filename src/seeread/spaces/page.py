"""A space as a page that opens offline: one HTML file with the map, the thumbnails, and all that draws them, inside."""

import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from seeread.charts.pages.document import document
from seeread.charts.pages.markup import json_html
from seeread.preprocessing.image import printable
from seeread.spaces.space import Space
from seeread.spaces.thumbnails import Sheet, sheets
from seeread.spaces.told import drawn

SCRIPTS = ("camera.js", "spots.js", "painter.js", "map.js", "panel.js", "look.js", "hands.js", "view.js")
"""What draws a space here and in the studio: modules, each of which imports only from those before it."""

_CELLS = ((600, 128), (2500, 96), (10**9, 64))
"""Up to so many pictures, the pixels that each may have: a page of thousands must not become too large to send."""
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|class|async)", re.MULTILINE)


def page(space: Space) -> str:
    """The HTML."""
    title = f"{printable(Path(space.folder).name) or 'Pictures'} as {space.model} sees it"
    content = json_html(drawn(space, sheets(space.thumbnails, cell_for(len(space))), _inside))
    body = f"""<header>
<h1>{escape(title)}</h1>
<button type="button" id="theme" aria-pressed="false">Dark</button>
</header>
<main><sr-space></sr-space></main>
<script type="application/json" id="space">{content}</script>"""
    script = _bundle((*SCRIPTS, "alone.js"))
    return document(title, own("page.css"), body, [script], modules=True, pictures="data: blob:")


def cell_for(pictures: int) -> int:
    """The pixels of a thumbnail's longer side on a sheet of so many."""
    return next(cell for most, cell in _CELLS if pictures <= most)


def own(name: str) -> str:
    """A file that comes with the package."""
    return files("seeread.spaces.pages").joinpath(name).read_text("utf-8")


def _inside(_number: int, sheet: Sheet) -> str:
    return f"data:image/jpeg;base64,{b64encode(sheet.jpeg).decode()}"


def _bundle(names: Sequence[str]) -> str:
    """Modules as one: what one exports, those behind it simply have."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", own(name))) for name in names)
