"""A page that opens offline: one HTML file with its charts, tables and pictures, and all that draws them, inside."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import count, groupby

from seeread.charts.chart import Curves, Piece, Section
from seeread.charts.colours import DARK
from seeread.charts.pages.document import document
from seeread.charts.pages.markup import json_html, piece_html

PAPER = 640
"""Pixels of width that a sheet of paper has between its margins."""


def page(title: str, sections: Sequence[Section], lead: str = "") -> str:
    """The HTML of the page, from top to bottom as the sections are. Nothing of what it is given is read as HTML."""
    names = (f"chart-{number}" for number in count(1))
    body = "".join(_section(section, f"section-{number}", names) for number, section in enumerate(sections, 1))
    settings = json_html({"dark": DARK, "paper": PAPER})
    inside = f"""<header>
<h1>{escape(title)}</h1>
<button type="button" id="theme" aria-pressed="false">Dark</button>
{f'<p class="lead">{escape(lead)}</p>' if lead else ""}
{_contents(sections)}
</header>
<main>
{body}
</main>
<script type="application/json" id="settings">{settings}</script>"""
    return document(title, _own("page.css"), inside, [_own("vendor/echarts.min.js"), _own("page.js")])


def _contents(sections: Sequence[Section]) -> str:
    if len(sections) < 2:
        return ""
    links = "".join(
        f'<li><a href="#section-{number}">{escape(section.title)}</a></li>'
        for number, section in enumerate(sections, 1)
    )
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _section(section: Section, name: str, names: Iterator[str]) -> str:
    lead = f'<p class="lead">{escape(section.lead)}</p>' if section.lead else ""
    return f'<section id="{name}"><h2>{escape(section.title)}</h2>{lead}{_pieces(section.pieces, names)}</section>'


def _pieces(pieces: Sequence[Piece], names: Iterator[str]) -> str:
    """One below the other; curves, which are about square, side by side where there is room."""
    parts = []
    for beside, group in groupby(pieces, lambda piece: isinstance(piece, Curves)):
        html = "".join(piece_html(piece, next(names)) for piece in group)
        parts.append(f'<div class="beside">{html}</div>' if beside else html)
    return "".join(parts)


def _own(name: str) -> str:
    """A file that comes with the package."""
    return files("seeread.charts.pages").joinpath(name).read_text("utf-8")
