"""A saved page, read back: its charts, tables and words, and nothing of it is run.

Whoever writes a page into a folder could write anything into it. So it is not opened as a page within the studio: its
text is taken out as text, its charts as data, and all else is left behind.
"""

import json
import math
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from seeread.charts.figures import finite
from seeread.errors import DataError
from seeread.preprocessing.image import printable

_MARKUP = re.compile(r"<(?!/?b>|br>)")
"""What tooltips of ours have not: their words are escaped, in lines of which the first is bold."""
_ALONE = frozenset({"meta", "img", "wbr", "br", "input", "link"})


@dataclass
class Node:
    """An element: what it is, its attributes, and what is in it, elements and text."""

    tag: str
    attributes: dict[str, str]
    inside: list["Node | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(one if isinstance(one, str) else one.text for one in self.inside).strip()

    @property
    def elements(self) -> list["Node"]:
        """The elements directly in it."""
        return [one for one in self.inside if isinstance(one, Node)]

    def is_a(self, tag: str, kind: str = "") -> bool:
        """Whether it is of that tag, and of that class if one is named."""
        return self.tag == tag and (not kind or kind in self.attributes.get("class", "").split())

    def all(self, tag: str, kind: str = "") -> list["Node"]:
        """Elements at any depth."""
        found = [one for one in self.elements if one.is_a(tag, kind)]
        return found + [deeper for one in self.elements for deeper in one.all(tag, kind)]

    def first(self, tag: str, kind: str = "") -> "Node | None":
        """The first of them."""
        return next(iter(self.all(tag, kind)), None)

    def told(self, tag: str, kind: str = "") -> str:
        """The text of the first of them, "" where there is none."""
        return found.text if (found := self.first(tag, kind)) else ""


def read_page(path: Path) -> dict[str, Any]:
    """{"title", "lead", "sections"} as of `pieces.section_json`. Raises DataError for a page that is none of ours."""
    name = printable(path.name)
    try:
        told = _told(_tree(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, RecursionError):
        raise DataError(f"{name} cannot be read. Write it anew with the command that it is of.") from None
    if not told["sections"]:
        raise DataError(f"{name} holds nothing that could be shown. Write it anew.")
    return told


def _told(tree: Node) -> dict[str, Any]:
    header = tree.first("header") or tree
    sections = [
        {
            "title": section.told("h2"),
            "lead": next((one.text for one in section.elements if one.is_a("p", "lead")), ""),
            "pieces": [piece for element in _spread(section) if (piece := _piece(element)) is not None],
        }
        for section in tree.all("section")
    ]
    return {"title": header.told("h1"), "lead": header.told("p", "lead"), "sections": sections}


def _spread(section: Node) -> list[Node]:
    """Its pieces; those that stand side by side are one after the other here."""
    return [one for element in section.elements
            for one in (element.elements if element.is_a("div", "beside") else [element])]  # fmt: skip


def _piece(element: Node) -> dict[str, Any] | None:
    title, note = element.told("figcaption"), element.told("p", "note")
    if element.is_a("div", "words"):
        links = [{"shown": link.text, "address": link.attributes.get("href", "")} for link in element.all("a")]
        paragraphs = [one.text for one in element.elements if one.tag == "p"]
        told = {"title": element.told("h3"), "paragraphs": paragraphs, "links": links, "code": element.told("pre")}
        return {"kind": "words", **told}
    if element.is_a("details", "record"):
        return {"kind": "details", "title": element.told("summary"), "entries": _entries(element)}
    if not element.is_a("figure"):
        return None
    if (script := element.first("script")) is not None:
        return _chart(element, script, title, note)
    if element.is_a("figure", "gallery"):
        pictures = [_shown(one) for one in element.all("li")]
        roomy = element.is_a("figure", "roomy")
        return {"kind": "gallery", "title": title, "note": note, "roomy": roomy, "pictures": pictures}
    if element.is_a("figure", "tiles"):
        return {"kind": "tiles", "title": title, "tiles": [_tile(one) for one in element.all("div")]}
    columns = [one.text for one in element.all("th")]
    rows = [[_cell(cell) for cell in row.all("td")] for row in element.all("tr") if row.first("td")]
    return {"kind": "table", "title": title, "note": note, "columns": columns, "rows": rows} if columns else None


def _chart(element: Node, script: Node, title: str, note: str) -> dict[str, Any] | None:
    """A chart by its data; None where these are none, or more than that."""
    try:
        option = json.loads(script.text)
    except ValueError:
        return None
    if not isinstance(option, dict) or not _harmless(option):
        return None
    style = (element.first("div", "chart") or element).attributes.get("style", "")
    sizes = {name: int(pixels) for name, pixels in re.findall(r"--(height|phone): (\d{1,4})px", style)}
    tall = sizes.get("height", 360)
    shape = element.attributes.get("class", "bars")
    return {
        "kind": "chart", "shape": shape, "title": title, "note": note, "option": option, "height": tall,
        "phone": sizes.get("phone", tall),
    }  # fmt: skip


def _harmless(value: Any, name: str = "") -> bool:
    """Whether an option, or what is called `name` in one, leads nowhere, has no page of its own in a tooltip, and only
    numbers that JSON knows."""
    if isinstance(value, dict):
        return all(_harmless(one, name) for name, one in value.items())
    if isinstance(value, list):
        return all(_harmless(one, name) for one in value)
    if isinstance(value, str):
        return name not in ("link", "sublink") and not (name == "formatter" and _MARKUP.search(value))
    return not isinstance(value, float) or math.isfinite(value)


def _entries(element: Node) -> list[list[str]]:
    """Names and texts of a list of both."""
    return [[name.text, text.text] for name, text in zip(element.all("dt"), element.all("dd"), strict=False)]


def _tile(element: Node) -> dict[str, str]:
    values = [one.text for one in element.all("dd") if not one.is_a("dd", "note")]
    return {"name": element.told("dt"), "value": values[0] if values else "", "note": element.told("dd", "note")}


def _cell(cell: Node) -> dict[str, Any] | None:
    try:
        key = finite(float(cell.attributes["data-key"]))
    except (KeyError, ValueError):
        key = None
    return {"shown": cell.text, "key": key} if cell.text else None


def _shown(element: Node) -> dict[str, Any]:
    picture = element.first("img")
    address = picture.attributes.get("src", "") if picture else ""
    source = address if address.startswith("data:image/") else None
    lines = [one.text for one in element.elements if one.tag == "p" and not one.is_a("p", "note")]
    return {"source": source, "lines": lines, "entries": _entries(element)}


def _tree(html: str) -> Node:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


class _Reader(HTMLParser):
    """Builds the tree; what is closed without having been opened is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(node)
        if tag not in _ALONE:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        """It ends, with all in it that was left open."""
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        """Text."""
        self._open[-1].inside.append(data)
