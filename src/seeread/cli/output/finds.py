"""Things found in pictures, as a person reads them and as a program does."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress_bar import ProgressBar
from rich.table import Table

from seeread.cli.output.charts import BAR, bar, percent, plainly
from seeread.cli.output.console import console, is_terminal, shorten, show
from seeread.preprocessing.image import printable

if TYPE_CHECKING:
    from seeread.tasks.pointing.detections import Detection, Detections


def show_finds(name: str, found: "Detections", first: bool) -> None:
    """One picture, with a line for each thing in it: label, how sure, and the corners of its box in pixels."""
    out = console()
    bars = is_terminal() and out.width >= 4 * BAR
    if not first:
        out.print()
    out.print(shorten(printable(name), out.width), style="bold")
    table = Table.grid(padding=(0, 2))
    for each in found:
        left, upper, right, lower = each.pixels
        place = f"({left}, {upper}) to ({right}, {lower})"
        label = shorten(printable(each.label or "?"), max(out.width - len(place) - 16 - bars * (BAR + 2), 10))
        table.add_row(f"  {label}", *_sure(each, bars), place)
    if not len(found):
        table.add_row("  nothing found", style="dim")
    show(table, out)


def show_find_lines(results: "Sequence[tuple[str, Detections]]") -> None:
    """A line for each picture: its path, and what is in it."""
    out = console()
    paths = out.width * 2 // 5
    table = Table.grid(padding=(0, 2))
    for name, found in results:
        things = ", ".join(" ".join((printable(each.label or "?"), *_figure(each))) for each in found)
        table.add_row(shorten(printable(name), paths), things or "nothing found")
    show(table, out)


def _sure(each: "Detection", bars: bool) -> tuple[str, ProgressBar | str]:
    """How sure the model was, and a bar of it; nothing where nobody knows."""
    if each.confidence is None:
        return "", ""
    return f"{_figure(each)[0]:>6}", bar(each.confidence) if bars else ""


def _figure(each: "Detection") -> tuple[str, ...]:
    """In percent where it is calibrated."""
    if each.confidence is None:
        return ()
    return (percent(each.confidence) if each.calibrated else plainly(each.confidence),)


def as_json(name: str, found: "Detections", drawn: Path | None) -> dict[str, object]:
    """A picture and what is in it."""
    from seeread.tasks.pointing.plain import plain

    content = {"image": name, **plain(found)}
    return content if drawn is None else content | {"drawn": str(drawn)}
