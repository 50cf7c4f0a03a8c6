"""What a benchmark of explanations has found, as sections of a page."""

from collections.abc import Sequence
from typing import get_args

from seeread.charts.chart import Cell, Matrix, Piece, Section, Table, Words
from seeread.charts.figures import figure, interval
from seeread.lab.faithfulness.benchmark import Benchmark
from seeread.lab.faithfulness.measured import Kind
from seeread.lab.faithfulness.rows import TESTS, Row, Test

TITLES: dict[Test, str] = {
    "cause": "What matters",
    "pair": "What was asked about",
    "weights": "Other weights, another map?",
    "deletion": "Taken out and put back",
    "shortcut": "A planted shortcut",
    "no shortcut": "No shortcut to be found",
}

KINDS: tuple[Kind, ...] = get_args(Kind)


def sections(benchmark: Benchmark) -> list[Section]:
    """One for each test that was made: methods by models at a glance, and a table with the intervals."""
    read = Words(
        "How to read this",
        [
            "An explanation is a map that says where in a picture an answer came from. In drawn scenes it is known "
            "where that is: each thing can be left out, painted anew, or marked. A method is to be believed where it "
            "does better than maps that know nothing of the model: random blobs, the centre, the edges of things.",
            f"{benchmark.scenes} scenes for each model, seed {benchmark.seed}, seeread {benchmark.version}. An "
            "interval holds what 95 of 100 other sets of scenes would give.",
        ],
    )  # fmt: skip
    made = [test for test in TESTS if any(row.test == test for row in benchmark.rows)]
    return [Section("The benchmark of explanations", [read]), *(_section(benchmark, test) for test in made)]


def _section(benchmark: Benchmark, test: Test) -> Section:
    """Methods below each other, controls last; models side by side."""
    rows = sorted((row for row in benchmark.rows if row.test == test), key=lambda row: KINDS.index(row.kind))
    models = list(dict.fromkeys(row.model for row in benchmark.rows if row.test == test))
    names = {row.method: row.method if row.kind == "shipped" else f"{row.method} ({row.kind})" for row in rows}
    scores = {(row.method, row.model): row.measured.score for row in rows}
    values = [[scores.get((method, model)) for model in models] for method in names]
    shown = [model.removeprefix("seeread/") for model in models]
    columns = ["model", "method", "kind", "score", "95% interval", "scenes", "beats what knows nothing"]
    lead = f"{TESTS[test][0].upper()}{TESTS[test][1:]}."
    pieces: list[Piece] = [
        Matrix("", list(names.values()), shown, values, "percent"),
        Table("", columns, [_cells(row) for row in rows]),
    ]
    return Section(TITLES[test], pieces, lead)


def _cells(row: Row) -> Sequence[Cell]:
    one = row.measured
    beats = "" if row.beats is None else ("yes" if row.beats else "no")
    score = (figure(one.score, "percent"), one.score)
    return [row.model, row.method, row.kind, score, interval(one.low, one.high, "percent"), one.count, beats]
