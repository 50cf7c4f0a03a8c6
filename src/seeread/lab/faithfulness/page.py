"""What a benchmark of explanations has found, as sections of a page."""

from collections.abc import Sequence

from seeread.charts.chart import Bars, Cell, Piece, Section, Series, Table, Words
from seeread.charts.figures import figure, interval
from seeread.lab.faithfulness.benchmark import Benchmark
from seeread.lab.faithfulness.rows import TESTS, Row, Test

TITLES: dict[Test, str] = {
    "cause": "What matters",
    "pair": "What was asked about",
    "weights": "Other weights, another map?",
    "deletion": "Taken out and put back",
    "shortcut": "A planted shortcut",
    "no shortcut": "No shortcut to be found",
}


def sections(benchmark: Benchmark) -> list[Section]:
    """One for each test that was made: bars of the methods in each model with their 95 % intervals, and a table."""
    read = Words(
        "How to read this",
        [
            "An explanation is a map that says where in a picture an answer came from. In drawn scenes it is known "
            "where that is: each thing can be left out, painted anew, or marked. A method is to be believed where it "
            "does better than maps that know nothing of the model: random blobs, the centre, the edges of things.",
            f"{benchmark.scenes} scenes for each model, seed {benchmark.seed}, seeread {benchmark.version}. The lines "
            "are the bounds within which 95 of 100 other sets of scenes would lie.",
        ],
    )  # fmt: skip
    made = [test for test in TESTS if any(row.test == test for row in benchmark.rows)]
    return [Section("The benchmark of explanations", [read]), *(_section(benchmark, test) for test in made)]


def _section(benchmark: Benchmark, test: Test) -> Section:
    rows = [row for row in benchmark.rows if row.test == test]
    models, methods = (list(dict.fromkeys(getattr(row, field) for row in rows)) for field in ("model", "method"))
    series = []
    for method in methods:
        by_model = {row.model: row.measured for row in rows if row.method == method}
        series.append(
            Series(
                method,
                [by_model[name].score if name in by_model else None for name in models],
                [by_model[name].low if name in by_model else None for name in models],
                [by_model[name].high if name in by_model else None for name in models],
                hollow=any(row.kind == "control" for row in rows if row.method == method),
            )
        )
    lead = f"{TESTS[test][0].upper()}{TESTS[test][1:]}."
    columns = ["model", "method", "kind", "score", "95% interval", "scenes", "beats what knows nothing"]
    pieces: list[Piece] = [Bars("", models, series), Table("", columns, [_cells(row) for row in rows])]
    return Section(TITLES[test], pieces, lead)


def _cells(row: Row) -> Sequence[Cell]:
    one = row.measured
    beats = "" if row.beats is None else ("yes" if row.beats else "no")
    score = (figure(one.score, "percent"), one.score)
    return [row.model, row.method, row.kind, score, interval(one.low, one.high, "percent"), one.count, beats]
