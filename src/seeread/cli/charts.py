"""Labels and their scores as a person reads them: a chart for each of a few pictures, a line for each of many."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.progress_bar import ProgressBar
from rich.table import Table

from seeread.cli.console import console, is_terminal, shorten
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.tasks.scores import Classification

    Results = Sequence[tuple[str, Classification]]

FEW = 8
"""Pictures that each have a chart of their own; more have a line each."""


def show_charts(results: "Results", top: int) -> None:
    """Each picture with a bar for each of its best labels."""
    out = console()
    for place, (name, result) in enumerate(results):
        if place:
            out.print()
        out.print(shorten(printable(name), out.width), style="bold")
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, max_width=max(12, out.width - 24))
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True)
        for row, (label, score) in enumerate(result.scores[:top]):
            table.add_row(f"  {printable(label)}", percent(score), bar(score), style=None if row == 0 else "dim")
        out.print(table)


def show_lines(results: "Results", top: int) -> None:
    """A line for each picture."""
    out = console()
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for _ in range(top):
        table.add_column(no_wrap=True, justify="right")
        table.add_column(no_wrap=True, style="bold")
    for name, result in results:
        cells = [cell for label, score in result.scores[:top] for cell in (percent(score), printable(label))]
        table.add_row(shorten(printable(name), out.width * 2 // 5), *cells)
    out.print(table)


def percent(score: float) -> str:
    """97.3%, and 100.0% or 0.0% only for what is nothing else."""
    return f"{100 * score:.1f}%"


def bar(score: float) -> ProgressBar | str:
    """A bar for a person; nothing where the output goes to a file."""
    if not is_terminal():
        return ""
    return ProgressBar(total=1.0, completed=score, width=20, complete_style="green", finished_style="green")
