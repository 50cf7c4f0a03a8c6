"""How good a model is on what it learns, and on what it should not forget: before, after, and how far apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from seeread.data.sets.dataset import DataSet
from seeread.errors import SeereadError
from seeread.evaluation.benchmarks.benchmark import Benchmark, Metric, Options
from seeread.evaluation.benchmarks.classification.zero_shot import ZERO_SHOT
from seeread.evaluation.benchmarks.kinds import fitting
from seeread.evaluation.benchmarks.pointing.detection import DETECTION
from seeread.evaluation.benchmarks.pointing.referring import REFERRING
from seeread.evaluation.benchmarks.retrieval import RETRIEVAL
from seeread.evaluation.benchmarks.writing.captioning import CAPTIONING
from seeread.evaluation.benchmarks.writing.questions import QUESTIONS
from seeread.evaluation.metrics.bootstrap import Difference
from seeread.evaluation.records.compare import paired
from seeread.evaluation.records.record import Measure, Record
from seeread.evaluation.records.run import Watch, evaluate
from seeread.evaluation.records.store import read_outcomes
from seeread.pretrained import Pretrained, Progress

About = Literal["new", "general"]
"""Whether a score is of the pictures that were held out, or of what should not be forgotten."""

OPTIONS = Options(controls=False)
_SHOWN = {"retrieval": ("text-to-image recall@1", "image-to-text recall@1")}  # of others the foremost


@dataclass(frozen=True)
class Measured:
    """Records of one model on one set, and what they were measured by, by their ids. `folder` holds what came of each
    picture."""

    records: tuple[Record, ...]
    metrics: Mapping[str, Sequence[Metric]]
    folder: Path


@dataclass(frozen=True)
class Score:
    """One score before and after. `apart` is how much larger it is now, with the bounds of 95 in 100 such sets, and how
    often chance alone would do that."""

    about: About
    data: str
    benchmark: str
    name: str
    before: Measure
    after: Measure
    apart: Difference

    @property
    def gain(self) -> float:
        """How much better it is now, in the unit of the score."""
        return self.apart.difference if self.before.better == "more" else -self.apart.difference

    @property
    def sure(self) -> bool:
        """Whether chance would hardly have done that."""
        return self.apart.low > 0 or self.apart.high < 0

    @property
    def known_before(self) -> bool:
        """Whether the model was better than guessing before: otherwise there was nothing to lose."""
        chance = self.before.chance
        return self.before.low > chance if chance is not None else self.before.value > 0


@dataclass
class _Told:
    """What an evaluation tells, remembered."""

    metrics: dict[str, Sequence[Metric]] = field(default_factory=dict)
    failures: list[SeereadError] = field(default_factory=list)


def measure(model: Pretrained, data: DataSet, folder: Path, progress: Progress | None = None) -> Measured:
    """Scores of a model on a set by what the set knows, kept in `folder`; what is there already is not measured again.

    Raises the error of a benchmark that failed, where none was done.
    """
    told = _Told()
    watch = Watch(
        begins=lambda *_: progress,
        ended=lambda record, there, metrics: told.metrics.update({record.id: metrics}),
        failed=lambda model, data, benchmark, error: told.failures.append(error),
    )
    kinds = benchmarks_for(model, data)
    records = evaluate([model], [data], OPTIONS, folder, benchmarks=kinds, watch=watch) if kinds else []
    if not records and told.failures:
        raise told.failures[0]
    return Measured(tuple(records), told.metrics, folder)


def benchmarks_for(model: Pretrained, data: DataSet) -> tuple[Benchmark, ...]:
    """Those that ask for what such a set teaches, the foremost first."""
    asked = (ZERO_SHOT, RETRIEVAL, QUESTIONS, CAPTIONING, DETECTION, REFERRING)
    return fitting(model, data, OPTIONS, asked).fit


def compared(about: About, before: Measured, after: Measured) -> list[Score]:
    """The foremost scores of both, where both were measured."""
    found = []
    later = {record.benchmark: record for record in after.records}
    for record in before.records:
        other = later.get(record.benchmark)
        if other is None:
            continue
        outcomes = read_outcomes(before.folder, record), read_outcomes(after.folder, other)
        for metric in shown(record.benchmark, before.metrics[record.id]):
            one, two = (_measure(each, metric.name) for each in (record, other))
            if one is not None and two is not None:
                apart = paired(outcomes[1], outcomes[0], metric, seed=record.seed)
                found.append(
                    Score(about, str(record.data["name"]), record.title, metric.name, one, two, apart)
                )
    return found


def shown(benchmark: str, metrics: Sequence[Metric]) -> list[Metric]:
    """The foremost of a benchmark's metrics."""
    wanted = _SHOWN.get(benchmark)
    return [metric for metric in metrics if metric.name in wanted] if wanted else list(metrics[:1])


def _measure(record: Record, name: str) -> Measure | None:
    return next((each for each in record.measures if each.name == name), None)
