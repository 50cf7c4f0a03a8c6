"""What a chart shows, and nothing of how it is drawn: `charts.echarts` and `charts.drawing` do that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit = Literal["percent", "number"]
"""Of values that are shares, 0 to 1, and shown in percent; of others as they are."""


@dataclass(frozen=True)
class Series:
    """Values of one colour: one for each name on the axis of `Bars`, None where there is none. `lows` and `highs` are
    the ends of whiskers; `notes` are what a tooltip says besides, such as a source. `hollow` ones are not of our own
    measuring."""

    name: str
    values: Sequence[float | None]
    lows: Sequence[float | None] | None = None
    highs: Sequence[float | None] | None = None
    notes: Sequence[str] | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Bars:
    """A bar for each name and series; `lines` are levels across all of them, such as chance."""

    title: str
    names: Sequence[str]
    series: Sequence[Series]
    unit: Unit = "percent"
    lines: Sequence[tuple[str, float]] = ()
    note: str = ""


@dataclass(frozen=True)
class Curve:
    """Points (x, y) from left to right, with bounds of y where they are known."""

    name: str
    points: Sequence[tuple[float, float]]
    lows: Sequence[float] | None = None
    highs: Sequence[float] | None = None
    notes: Sequence[str] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Curves:
    """Curves over one axis: reliability diagrams (`diagonal`: where they should lie), risk over coverage, shots.
    `bounds` says what lows and highs are the bounds of."""

    title: str
    x_name: str
    y_name: str
    curves: Sequence[Curve]
    x_unit: Unit = "number"
    y_unit: Unit = "percent"
    diagonal: bool = False
    logarithmic: bool = False
    note: str = ""
    bounds: str = "95% interval"


@dataclass(frozen=True)
class Matrix:
    """A cell for each row and column: a confusion matrix has what is so as rows and what was said as columns. Where
    values lie on both sides of a `middle`, such as 0 of a skew, each side has a hue of its own; None: they begin at
    nothing."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    unit: Unit = "number"
    x_name: str = ""
    y_name: str = ""
    note: str = ""
    middle: float | None = None


Cell: TypeAlias = str | float | tuple[str, float] | None
"""Text, a number, a pair (what is shown, what it is sorted by), or nothing."""


@dataclass(frozen=True)
class Table:
    """Cells by rows, which a page sorts by the column that is clicked; numbers are sorted as such."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """A small picture (an encoded JPEG or PNG), the lines beneath it, and beneath these `entries`, (name, text) each,
    such as when something was said of it, and what."""

    picture: bytes
    lines: Sequence[str]
    entries: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side, such as those that went worst; fewer in a row where there is much to read (`roomy`)."""

    title: str
    pictures: Sequence[Shown]
    note: str = ""
    roomy: bool = False


@dataclass(frozen=True)
class Tiles:
    """The few figures that most readers came for, in large letters: (what it is, the figure, what to know of it)."""

    title: str
    tiles: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Words:
    """Paragraphs of plain text; beneath them `code` to be copied, such as a command, and `links`, each (what is shown,
    address)."""

    title: str
    paragraphs: Sequence[str]
    links: Sequence[tuple[str, str]] = ()
    code: str = ""


@dataclass(frozen=True)
class Details:
    """What most readers skip, folded up: (name, text) in lines, as of a record."""

    title: str
    entries: Sequence[tuple[str, str]]


Chart: TypeAlias = Bars | Curves | Matrix
Piece: TypeAlias = Chart | Table | Gallery | Tiles | Words | Details
"""What a page is made of, from top to bottom."""


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading of its own."""

    title: str
    pieces: Sequence[Piece]
    lead: str = ""
