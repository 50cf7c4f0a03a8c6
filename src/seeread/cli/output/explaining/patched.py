"""Patching between two pictures, as a person reads it in a terminal."""

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from seeread.cli.output.console import console, show
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.explanation.causal.patching import Patched

STRONG, WEAK = 0.5, 0.1
"""Shares from which a cell is bold, and below which it is dim."""


def show_patched(found: "Patched") -> None:
    """A row for each layer, the share that comes back in percent."""
    from seeread.explanation.drawing.patched import called

    out = console()
    first, second = found.scores
    out.print(printable(found.about), style="bold")
    out.print(f"scores {first:.2f} for the picture and {second:.2f} for the other; of that comes back, in percent:")
    table = Table.grid(padding=(0, 2))
    table.add_column()
    for _ in found.columns:
        table.add_column(justify="right", max_width=14)
    table.add_row("", *found.columns, style="dim")
    for layer, shares in zip(found.layers, found.restored, strict=True):
        table.add_row(called(layer), *map(_cell, shares))
    show(table, out)
    out.print(
        "The model looked at the other picture, and in one layer (a row) was given, for one group of tokens (a "
        "column), what it had there for the first. 100: the answer passes through there.",
        style="dim",
    )


def _cell(share: float | None) -> Text:
    if share is None:
        return Text()
    style = "bold" if share >= STRONG else "dim" if abs(share) < WEAK else ""
    return Text(f"{100 * share:.0f}".replace("-0", "0") if abs(share) < 0.005 else f"{100 * share:.0f}", style=style)
