"""The benchmark behind `seeread explain --benchmark`: how far ways to explain can be believed, model by model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from seeread.cli.measuring.running import bars
from seeread.cli.output.console import console, note, print_json, show

if TYPE_CHECKING:
    from seeread.lab.faithfulness.benchmark import Benchmark
    from seeread.lab.faithfulness.rows import Row

_ORDER = ("shipped", "baseline", "control")
TITLE = "How far explanations can be believed"


def measure(models: Sequence[str], scenes: int, out: Path | None, json: bool, device: str) -> int:
    """Measures, and tells as tables, as JSON and as a page."""
    from seeread.checkpoints.load import load
    from seeread.lab.faithfulness.benchmark import benchmark

    loaded = [load(name, device=device, precision="fp32") for name in models]
    with bars() as shown:
        found = benchmark(loaded or None, scenes=scenes, progress=shown.bar("Measuring"))
    if json:
        print_json(found.to_dict())
    else:
        show_benchmark(found)
    if out is not None:
        from seeread.charts.save import save_report
        from seeread.lab.faithfulness.page import sections

        saved = save_report(out, TITLE, sections(found))
        if saved.undrawn:
            note(f"the PNGs are left out: {saved.undrawn}")
        note(f"wrote {saved.page}")
    return 0


def show_benchmark(found: "Benchmark") -> None:
    """A table for each test: methods below each other, models side by side, dim what is no better than knowing
    nothing."""
    from seeread.lab.faithfulness.rows import TESTS

    out = console()
    for place, (test, meaning) in enumerate(TESTS.items()):
        rows = [row for row in found.rows if row.test == test]
        if not rows:
            continue
        if place:
            out.print()
        out.print(test, style="bold")
        out.print(meaning, style="dim")
        show(_table(rows, out.width), out)
    out.print()
    told = f"{found.scenes} scenes a model, in percent (95% intervals); dim: no better than what knows nothing"
    out.print(told, style="dim")


def _table(rows: Sequence["Row"], width: int) -> Table:
    """Without intervals where there is no room for them."""
    models = {row.model: row.model.removeprefix("seeread/") for row in rows}
    rows = sorted(rows, key=lambda row: _ORDER.index(row.kind))
    methods = {row.method: row.method if row.kind == "shipped" else f"{row.method} ({row.kind})" for row in rows}
    found = {(row.method, row.model): row for row in rows}
    needed = max(map(cell_len, methods.values())) + sum(max(cell_len(name), 12) + 2 for name in models.values())
    table = Table.grid(padding=(0, 2))
    table.add_column()
    for _ in models:
        table.add_column(justify="right")
    table.add_row("", *models.values(), style="dim")
    for method, name in methods.items():
        table.add_row(name, *(_cell(found.get((method, model)), needed <= width) for model in models))
    return table


def _cell(row: "Row | None", room: bool) -> Text:
    """67 (50-81)."""
    if row is None or not row.measured.count:
        return Text()
    one = row.measured
    bounds = f" ({100 * one.low:.0f}-{100 * one.high:.0f})" if room else ""
    return Text(f"{100 * one.score:.0f}{bounds}", style="dim" if row.beats is False else "")
