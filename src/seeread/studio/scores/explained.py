"""A record of how faithful explanations are, read back: what `seeread explain --benchmark --json` writes."""

import json
import math
from pathlib import Path
from typing import Any

from seeread.charts.chart import Section
from seeread.errors import DataError
from seeread.lab.faithfulness.benchmark import Benchmark
from seeread.lab.faithfulness.measured import Measured
from seeread.lab.faithfulness.page import sections
from seeread.lab.faithfulness.rows import TESTS, Row
from seeread.preprocessing.image import printable

FORMAT = "explanations 1"


def read_benchmark(path: Path) -> Benchmark:
    """The benchmark that a file holds. Raises DataError for any other file."""
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["seeread"] != FORMAT:
            raise ValueError
        rows = tuple(_row(row) for row in told["rows"])
        return Benchmark(rows, int(told["scenes"]), int(told["seed"]), str(told["version"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            f"{printable(path.name)} is no benchmark of explanations. Write one anew with: seeread explain --benchmark"
        ) from None


def explained(path: Path) -> list[Section]:
    """The sections of its page. Raises DataError as above."""
    return sections(read_benchmark(path))


def _row(row: dict[str, Any]) -> Row:
    test, kind = row["test"], row["kind"]
    if test not in TESTS or kind not in ("shipped", "baseline", "control") or row["beats"] not in (True, False, None):
        raise ValueError
    score, low, high = (math.nan if row[name] is None else float(row[name]) for name in ("score", "low", "high"))
    measured = Measured(score, low, high, int(row["count"]))
    return Row(test, str(row["model"]), str(row["family"]), str(row["method"]), kind, measured, row["beats"])
