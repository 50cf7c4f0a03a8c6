"""Records of how faithful explanations are, read back: of a benchmark, and of a single model that it came with."""

import json
import math
from pathlib import Path
from typing import Any

from seeread.charts.chart import Section
from seeread.errors import DataError
from seeread.explanation.faith.record import FORMAT as RECORD
from seeread.explanation.faith.record import Record, read_record
from seeread.explanation.methods.table import METHODS
from seeread.lab.faithfulness.benchmark import Benchmark
from seeread.lab.faithfulness.measured import Kind, Measured
from seeread.lab.faithfulness.page import sections
from seeread.lab.faithfulness.rows import TESTS, Row, Test
from seeread.preprocessing.image import printable

BENCHMARK = "explanations 1"
"""What `seeread explain --benchmark --json` says of itself."""

FORMATS = (BENCHMARK, RECORD)


def explained(path: Path) -> list[Section]:
    """The sections of its page. Raises DataError for a file that is neither."""
    try:
        told = json.loads(path.read_text("utf-8"))
        format = told["seeread"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        format = None
    return sections(of_record(read_record(path)) if format == RECORD else read_benchmark(path))


def read_benchmark(path: Path) -> Benchmark:
    """The benchmark that a file holds. Raises DataError for any other file."""
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["seeread"] != BENCHMARK:
            raise ValueError
        rows = tuple(_row(row) for row in told["rows"])
        return Benchmark(rows, int(told["scenes"]), int(told["seed"]), str(told["version"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            f"{printable(path.name)} is no benchmark of explanations. Write one anew with: seeread explain --benchmark"
        ) from None


def of_record(record: Record) -> Benchmark:
    """The part of a benchmark that a record was made of."""
    kinds: dict[str, Kind] = {method.name: method.kind for method in METHODS}
    rows = [
        Row(
            test, record.model, "", method, "control" if found.beats is None else kinds.get(method, "shipped"),
            Measured(found.score, found.low, found.high, found.count), found.beats,
        )
        for test in TESTS for method, found in record.figures.get(test, {}).items()
    ]  # fmt: skip
    return Benchmark(tuple(rows), record.scenes, record.seed, record.version)


def _row(row: dict[str, Any]) -> Row:
    test: Test = row["test"]
    kind: Kind = row["kind"]
    if test not in TESTS or kind not in ("shipped", "baseline", "control") or row["beats"] not in (True, False, None):
        raise ValueError
    score, low, high = (math.nan if row[name] is None else float(row[name]) for name in ("score", "low", "high"))
    measured = Measured(score, low, high, int(row["count"]))
    return Row(test, str(row["model"]), str(row["family"]), str(row["method"]), kind, measured, row["beats"])
