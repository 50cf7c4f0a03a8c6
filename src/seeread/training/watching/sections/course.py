"""The course of a run: all that was written down of it, in columns, and thinned to what a chart can show."""

import math
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from seeread.charts.chart import Curve
from seeread.training.watching.history import History, read_history
from seeread.training.watching.journal import each_moment
from seeread.training.watching.samples import Sample, read_samples

COLUMNS = ("loss", "rate", "gradient", "scale", "seconds", "waited", "images_per_second", "utilisation")
MOST = 200
"""Points of a curve: of more steps each is the mean of several."""


@dataclass
class Course:
    """`columns` have a value for each of the `steps`, NaN where there is none. `figures` are what was measured, by
    name, as (step, value); `skipped` are steps that moved nothing; `trouble` is what was broken, and why."""

    name: str
    history: History = field(default_factory=History)
    samples: list[Sample] = field(default_factory=list)
    steps: "array[int]" = field(default_factory=lambda: array("q"))
    columns: "dict[str, array[float]]" = field(default_factory=lambda: {name: array("d") for name in COLUMNS})
    figures: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    skipped: list[int] = field(default_factory=list)
    trouble: dict[str, str] = field(default_factory=dict)
    broken: int = 0

    @property
    def last(self) -> int:
        """The last step that was written down; 0 if none was."""
        return self.steps[-1] if self.steps else 0

    @property
    def planned(self) -> int:
        """How many steps were wanted; those that were made, where nobody says."""
        return int(self.history.settings.get("steps", self.last))

    @property
    def seconds(self) -> float:
        """Of all steps together, without what was done between them."""
        stretch = self.last / len(self.steps) if self.steps else 0.0  # where not each step was written down
        return stretch * math.fsum(known(self.columns["seconds"]))

    @property
    def images(self) -> float:
        """That were learned from, those that came again counted again."""
        pairs = zip(self.columns["images_per_second"], self.columns["seconds"], strict=True)
        stretch = self.last / len(self.steps) if self.steps else 0.0
        return stretch * math.fsum(known([speed * seconds for speed, seconds in pairs]))

    def mean(self, name: str, start: float = 0.0, end: float = 1.0) -> float | None:
        """Of a column, from one share of the run to another; None where nothing is known."""
        values = self.columns[name]
        return average(known(values[int(start * len(values)) : math.ceil(end * len(values))]))

    def curve(self, name: str, title: str) -> Curve | None:
        """A column as a curve of at most `MOST` points, each the mean of as many steps, with the least and the most of
        these as its bounds: no peak is lost. None where nothing is known."""
        values = self.columns[name]
        wide = math.ceil(len(values) / MOST)
        points, lows, highs = [], [], []
        for start in range(0, len(values), max(wide, 1)):
            inside = known(values[start : start + wide])
            middle = average(inside)
            points.append(
                (
                    float(self.steps[min(start + wide, len(values)) - 1]),
                    math.nan if middle is None else middle,
                )
            )
            lows.append(min(inside, default=math.nan))
            highs.append(max(inside, default=math.nan))
        if all(math.isnan(y) for _, y in points):
            return None
        return Curve(title, points, lows, highs) if wide > 1 else Curve(title, points)

    @property
    def wide(self) -> int:
        """Steps of a point of a curve."""
        return max(1, math.ceil(len(self.steps) / MOST))


def read_course(out: Path, name: str) -> Course:
    """That of the run in a folder. Raises DataError where there is none, or it cannot be read."""
    course = Course(name, read_history(out), read_samples(out))
    for moment in each_moment(out):
        course.steps.append(moment.step)
        for column, values in course.columns.items():
            value = getattr(moment, column)
            values.append(math.nan if value is None else value)
        for figure, value in moment.figures.items():
            course.figures.setdefault(figure, []).append((moment.step, value))
        if moment.skipped:
            course.skipped.append(moment.step)
        course.trouble |= moment.trouble
        course.broken = max(course.broken, moment.broken, len(course.trouble))
    return course


def known(values: "array[float] | list[float]") -> list[float]:
    """Those that are numbers."""
    return [value for value in values if math.isfinite(value)]


def average(values: list[float]) -> float | None:
    """The mean; None of nothing."""
    return math.fsum(values) / len(values) if values else None
