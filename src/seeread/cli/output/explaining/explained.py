"""Explanations as a person reads them in a terminal: what was said, where it came from, and how far to believe it."""

from typing import TYPE_CHECKING

from rich.table import Table

from seeread.cli.output.console import console, shorten, show
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.explanation.heatmap import Explanation, Heatmap

_PLACES = (
    ("upper left", "above the middle", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "below the middle", "lower right"),
)


def show_explanation(explanation: "Explanation", first: bool) -> None:
    """A line for each map; what was said comes before the `first` of several explanations."""
    out = console()
    if first and explanation.answer is not None:
        out.print(printable(explanation.answer), style="bold")
    out.print(f"by {explanation.method}", style="dim")
    table = Table.grid(padding=(0, 3))
    for heatmap in explanation.maps:
        table.add_row(*_cells(heatmap, out.width), style=None if heatmap.believed is not False else "dim")
    show(table, out)
    for note in (*explanation.notes, *filter(None, [explanation.record])):
        out.print(note, style="dim")


def _cells(heatmap: "Heatmap", width: int) -> list[str]:
    about = "(all of it)" if heatmap.kind == "answer" else printable(heatmap.about)
    cells = [f"  {shorten(about, width // 3)}"]
    cells.append("" if heatmap.probability is None else f"{heatmap.probability:.3f}")
    cells.append(hottest(heatmap))
    if (faith := heatmap.faithfulness) is not None:
        best = max(faith.controls.values())
        said = "faithful" if faith.believed else "not to be believed:"
        cells.append(f"{said} {faith.score:.2f}, blind maps {best:.2f}")
    return cells


def hottest(heatmap: "Heatmap") -> str:
    """Where on the picture a map is hottest, in words: upper left."""
    from seeread.explanation.faith.cells import peak

    x, y = peak(heatmap.values, heatmap.area)
    row, column = (min(max(int(3 * share), 0), 2) for share in (y, x))
    return _PLACES[row][column]
