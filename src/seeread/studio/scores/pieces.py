"""Sections of a page as JSON: charts as options of ECharts, tables, pictures and words."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from seeread.charts.chart import (
    Bars,
    Cell,
    Curves,
    Details,
    Gallery,
    Matrix,
    Piece,
    Section,
    Shown,
    Table,
    Tiles,
    Words,
)
from seeread.charts.echarts import height, option
from seeread.charts.figures import figure, finite


def section_json(section: Section) -> dict[str, Any]:
    """{"title", "lead", "pieces"}. A piece has its "kind": "chart", "table", "gallery", "tiles", "words", "details"."""
    return {"title": section.title, "lead": section.lead, "pieces": [piece_json(piece) for piece in section.pieces]}


def piece_json(piece: Piece) -> dict[str, Any]:
    """One piece."""
    match piece:
        case Bars() | Curves() | Matrix():
            shape = type(piece).__name__.lower()
            return {
                "kind": "chart", "shape": shape, "title": piece.title, "note": piece.note, "option": option(piece),
                "height": height(piece), "phone": height(piece, phone=True),
            }  # fmt: skip
        case Table():
            rows = [[_cell(cell) for cell in row] for row in piece.rows]
            return {
                "kind": "table", "title": piece.title, "columns": list(piece.columns), "rows": rows, "note": piece.note,
            }  # fmt: skip
        case Gallery():
            shown = [_shown(one) for one in piece.pictures]
            return {
                "kind": "gallery", "title": piece.title, "note": piece.note, "roomy": piece.roomy, "pictures": shown,
            }  # fmt: skip
        case Tiles():
            tiles = [{"name": name, "value": value, "note": note} for name, value, note in piece.tiles]
            return {"kind": "tiles", "title": piece.title, "tiles": tiles}
        case Words():
            links = [{"shown": shown, "address": address} for shown, address in piece.links]
            return {
                "kind": "words", "title": piece.title, "paragraphs": list(piece.paragraphs), "links": links,
                "code": piece.code,
            }  # fmt: skip
        case Details():
            return {"kind": "details", "title": piece.title, "entries": [list(entry) for entry in piece.entries]}


def _cell(cell: Cell) -> dict[str, Any] | None:
    """What is shown, and the number that it is sorted by, if there is one."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return {"shown": cell, "key": None}
    shown, key = cell if isinstance(cell, tuple) else (figure(cell, "number"), cell)
    return {"shown": shown, "key": finite(key)}


_KINDS: Sequence[tuple[bytes, str]] = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"))


def _shown(one: Shown) -> dict[str, Any]:
    kind = next((kind for start, kind in _KINDS if one.picture.startswith(start)), None)
    source = None if kind is None else f"data:image/{kind};base64,{b64encode(one.picture).decode()}"
    return {"source": source, "lines": list(one.lines), "entries": [list(entry) for entry in one.entries]}
