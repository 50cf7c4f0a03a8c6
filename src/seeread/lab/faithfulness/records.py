"""From a benchmark to the record that comes with a model."""

import math

from seeread.explanation.faith.record import Figure, Record
from seeread.lab.faithfulness.benchmark import Benchmark
from seeread.lab.faithfulness.rows import TESTS

DIGITS = 4


def record(found: Benchmark, model: str) -> Record:
    """What was found of the model of that name; nothing of tests for which no scene would do."""
    rows = [row for row in found.rows if row.model == model and not math.isnan(row.measured.score)]
    figures: dict[str, dict[str, Figure]] = {}
    for row in rows:
        one = row.measured
        score, low, high = (round(number, DIGITS) for number in (one.score, one.low, one.high))
        figures.setdefault(row.test, {})[row.method] = Figure(score, low, high, one.count, row.beats)
    told: dict[str, str] = {test: meaning for test, meaning in TESTS.items() if test in figures}
    return Record(model, found.version, found.scenes, found.seed, told, figures)
