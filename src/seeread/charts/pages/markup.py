"""Pieces of a page as HTML. All that is not ours is escaped, wherever it stands."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from math import ceil
from typing import Any

from seeread.charts.chart import Bars, Chart, Curves, Details, Gallery, Matrix, Piece, Table, Tiles, Words
from seeread.charts.echarts import height, option
from seeread.charts.figures import figure, finite, interval

_SEAMS, _SEAM = re.compile(r"(?<=[/_:,])(?=\w)"), "<wbr>"
"""Where a long name in a cell may break."""
IN_A_ROW = 6
"""Tiles at most."""
_KINDS = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"))


def piece_html(piece: Piece, name: str) -> str:
    """A piece as HTML; `name` is one that no other on the page has."""
    if isinstance(piece, Table):
        return _figure("table", piece.title, table_html(piece.title, piece.columns, piece.rows), piece.note)
    if isinstance(piece, Gallery):
        return _figure("roomy gallery" if piece.roomy else "gallery", piece.title, _gallery(piece), piece.note)
    if isinstance(piece, Tiles):
        return _figure("tiles", piece.title, _tiles(piece))
    if isinstance(piece, Words):
        return _words(piece)
    if isinstance(piece, Details):
        return _details(piece)
    return _chart(piece, name)


def json_html(value: Any) -> str:
    """JSON for a script element: nothing in it ends the element or begins a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def table_html(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table whose headings sort it. Cells are text, numbers, pairs (what is shown, what it is sorted by), or None."""
    numeric = [_is_numeric([row[place] for row in rows]) for place in range(len(columns))]
    aligned = [' class="number"' if number else "" for number in numeric]
    heads = "".join(
        f'<th scope="col"{place}><button type="button">{escape(column)}</button></th>'
        for place, column in zip(aligned, columns, strict=True)
    )
    lines = [
        "<tr>" + "".join(map(_cell, row, aligned)) + "</tr>" for row in rows
    ]  # fmt: skip
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(title)}"><table><thead><tr>{heads}</tr>'
        f"</thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _is_numeric(cells: Sequence[Any]) -> bool:
    return all(cell is None or not isinstance(cell, str) for cell in cells)


def _cell(cell: Any, aligned: str) -> str:
    if cell is None:
        return f"<td{aligned}></td>"
    shown, key = cell if isinstance(cell, tuple) else (cell, cell)
    if isinstance(shown, (int, float)):
        shown = figure(shown, "number")
    if isinstance(key, (int, float)):
        return f'<td{aligned} data-key="{"" if finite(key) is None else repr(float(key))}">{escape(shown)}</td>'
    return f"<td{aligned}>{_SEAMS.sub(_SEAM, escape(shown))}</td>"


def _figure(kind: str, title: str, body: str, note: str = "") -> str:
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    head = f"<figcaption>{escape(title)}</figcaption>" if title else ""
    return f'<figure class="{kind}">{head}{body}{below}</figure>'


def _chart(chart: Chart, name: str) -> str:
    kind = {Bars: "bars", Curves: "curves", Matrix: "matrix"}[type(chart)]
    sizes = f"--height: {height(chart)}px; --phone: {height(chart, phone=True)}px"
    body = (
        f'<div class="chart" id="{name}" style="{sizes}"></div>'
        f'<script type="application/json" data-chart="{name}">{json_html(option(chart))}</script>'
    )
    columns, rows = _figures(chart)
    below = f'<p class="note">{escape(chart.note)}</p>' if chart.note else ""
    body += f"{below}<details><summary>The figures</summary>{table_html(chart.title, columns, rows)}</details>"
    return _figure(kind, chart.title, body)


def _figures(chart: Chart) -> tuple[list[str], list[list[Any]]]:
    """What a chart shows as a table: for those who do not see it, and those who want to copy it."""
    if isinstance(chart, Matrix):
        rows: list[list[Any]] = [
            [name, *((figure(value, chart.unit), value) if value is not None else None for value in values)]
            for name, values in zip(chart.rows, chart.values, strict=True)
        ]
        return [chart.y_name or "row", *chart.columns], rows
    if isinstance(chart, Curves):
        points = [
            [curve.name, (figure(x, chart.x_unit), x), (figure(y, chart.y_unit), y),
             interval(curve.lows[n], curve.highs[n], chart.y_unit) if curve.lows and curve.highs else ""]
            for curve in chart.curves for n, (x, y) in enumerate(curve.points)
        ]  # fmt: skip
        return ["curve", chart.x_name or "x", chart.y_name or "y", chart.bounds], points
    rows = [
        [name, series.name, (figure(value, chart.unit), value),
         interval(series.lows[n], series.highs[n], chart.unit) if series.lows and series.highs else "",
         series.notes[n] if series.notes else ""]
        for n, name in enumerate(chart.names) for series in chart.series
        if (value := finite(series.values[n])) is not None
    ]  # fmt: skip
    rows += [["", name, (figure(value, chart.unit), value), "", ""] for name, value in chart.lines]
    return ["name", "series", "value", "95% interval", "note"], rows


def _gallery(gallery: Gallery) -> str:
    shown = []
    for number, one in enumerate(gallery.pictures, 1):
        kind = next((kind for start, kind in _KINDS if one.picture.startswith(start)), None)
        source = f"data:image/{kind};base64,{b64encode(one.picture).decode()}"
        said = escape(one.lines[0] if one.lines else f"picture {number}")
        picture = f'<img src="{source}" alt="{said}" decoding="async">' if kind else '<p class="note">no picture</p>'
        lines = "".join(f"<p>{escape(line)}</p>" for line in one.lines)
        entries = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in one.entries)
        shown.append(f"<li>{picture}{lines}{f'<dl>{entries}</dl>' if entries else ''}</li>")
    return f"<ul>{''.join(shown)}</ul>"


def _tiles(tiles: Tiles) -> str:
    """In rows of about the same length."""
    count = len(tiles.tiles)
    rows = ceil(count / IN_A_ROW)
    columns = ceil(count / rows) if rows else 1
    return f'<dl style="--columns: {columns}">{"".join(_tile(*tile) for tile in tiles.tiles)}</dl>'


def _tile(name: str, value: str, note: str) -> str:
    below = f'<dd class="note">{escape(note)}</dd>' if note else ""
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd>{below}</div>"


def _words(words: Words) -> str:
    title = f"<h3>{escape(words.title)}</h3>" if words.title else ""
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in words.paragraphs)
    links = "".join(f"<li>{_link(*link)}</li>" for link in words.links)
    code = f'<pre tabindex="0">{escape(words.code)}</pre>' if words.code else ""
    return f'<div class="words">{title}{paragraphs}{code}{f"<ul>{links}</ul>" if links else ""}</div>'


def _link(shown: str, address: str) -> str:
    """A link, if it leads to the web: other addresses may be programs."""
    if not address.startswith(("https://", "http://")):
        return escape(f"{shown} ({address})")
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{escape(shown)}</a>'


def _details(details: Details) -> str:
    entries = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in details.entries)
    return f'<details class="record"><summary>{escape(details.title)}</summary><dl>{entries}</dl></details>'
