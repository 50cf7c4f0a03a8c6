"""A calibration: what was learned of how far one model can be trusted, on pictures with known answers; and its file."""

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from seeread.errors import UsageError
from seeread.preprocessing.image import printable
from seeread.pretrained import Pretrained
from seeread.tasks.certainty.probe import alike, described, probe
from seeread.tasks.certainty.sets import Openness, Sets
from seeread.tasks.certainty.strict import read_file, to_json
from seeread.tasks.scores import Kind
from seeread.whole import write_whole

FORMAT = "calibration 1"
_COLDEST = 1e-9  # below it, what is divided by it is no number any more
_LIST = re.compile(r"\[[-+0-9.,eE\snul]*\]")  # of numbers and nulls
_MOST_BYTES = 16 * 2**20
_AGAIN = 'Make a new one with "seeread calibrate".'


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The model that a calibration is of: its name, and what tells it from others: a probe, see
    `tasks.certainty.probe`, or a digest of how it is built."""

    name: str
    probe: tuple[tuple[float, ...], ...] | None = None
    described: str | None = None

    def __post_init__(self) -> None:
        if len({len(row) for row in self.probe or ()}) > 1:
            raise ValueError("the rows of a probe are not of one length")

    def is_of(self, model: Pretrained) -> bool:
        """Whether this model is it. Looks at two small pictures."""
        if self.probe is None:
            return self.described == described(model)
        found = probe(model)
        return found is not None and alike(found, torch.tensor(self.probe))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What it was learned on: the set, the digest of all that is in it, how many pictures (or answers, or boxes) were
    fitted on and how many others checked it, drawn by which seed; when, and by which version of seeread."""

    name: str
    digest: str
    fitted: int
    checked: int
    seed: int
    time: str
    version: str


def _check_temperature(temperature: float) -> None:
    if temperature < _COLDEST:
        raise ValueError("a temperature is not above 0")


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How pictures of none of the labels are told: those that score below the threshold, by `sets.fitness` at this
    temperature. Of pictures that do show one of them, at most the share `false_flags` is."""

    score: Openness
    temperature: float
    threshold: float
    false_flags: float

    def __post_init__(self) -> None:
        _check_temperature(self.temperature)


@dataclass(frozen=True, kw_only=True)
class Classifying:
    """Of scores of labels. Probabilities are those of logits / temperature + bias; `low` and `high` hold the
    temperature in 95 of 100 such sets of pictures.

    All else is for the labels and prompts of which `asked` is the digest: thresholds of `sets` for coverages that are
    promised; confidences below which to keep silent for a risk, in 1 - `delta` of all calibrations, or None where none
    is enough; and what is none of them. `measured`: figures on the pictures that nothing was fitted on, "ece_before"...
    """

    kind: Kind
    temperature: float
    low: float
    high: float
    bias: float = 0.0
    asked: str
    labels: int
    templates: tuple[str, ...] | None = None
    prior: bool | None = None  # of a model that writes: whether it was taken out
    sets: Sets
    coverages: tuple[tuple[float, float], ...]
    risks: tuple[tuple[float, float | None], ...]
    delta: float
    opening: Opening | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    evidence: Evidence

    def __post_init__(self) -> None:
        _check_temperature(self.temperature)
        if any(not 0 < share < 1 for share, _ in (*self.coverages, *self.risks)):
            raise ValueError("a coverage or risk is not between 0 and 1")

    def set_threshold(self, coverage: float) -> float:
        """That of the least coverage that is kept for and is at least this one. Raises UsageError where there is none:
        so few pictures cannot promise so much."""
        if not 0 < coverage < 1:
            raise UsageError(f"The coverage is {coverage:g}. Ask for one between 0 and 1, such as 0.9.")
        enough = [pair for pair in self.coverages if pair[0] >= coverage - 1e-9]
        if enough:
            return min(enough)[1]
        most = max((pair[0] for pair in self.coverages), default=0.0)
        raise UsageError(
            f"The {self.evidence.fitted} pictures of the calibration cannot promise a coverage of {coverage:g}. Ask "
            f"for {most:g} at most, or calibrate on more."
        )

    def silence(self, risk: float) -> float:
        """The confidence below which to keep silent: that of the largest risk that is kept for and is at most this one.
        Infinite where the model is never sure enough. Raises UsageError where none is kept for so small a one."""
        if not 0 < risk < 1:
            raise UsageError(f"The risk is {risk:g}. Ask for one between 0 and 1, such as 0.05.")
        enough = [pair for pair in self.risks if pair[0] <= risk + 1e-9]
        if not enough:
            least = min((pair[0] for pair in self.risks), default=1.0)
            raise UsageError(f"The calibration keeps no risk below {least:g}. Calibrate with --risk {risk:g}.")
        threshold = max(enough, key=lambda pair: pair[0])[1]
        return math.inf if threshold is None else threshold


@dataclass(frozen=True, kw_only=True)
class Lining:
    """Of one number for each answer, or box: the probability of its being right is the sigmoid of slope * number +
    intercept. `right` says what counts as right; `measured` as above."""

    slope: float
    intercept: float
    right: str
    measured: Mapping[str, float] = field(default_factory=dict)
    evidence: Evidence

    def __call__(self, value: float) -> float:
        exponent = -(self.slope * value + self.intercept)
        return 1 / (1 + math.exp(min(exponent, 700.0)))


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Of one model, what is known of its scores of labels, of its answers (by their log-probability), and of its boxes
    (by the log-odds of their confidence)."""

    seeread: str
    model: Subject
    classify: Classifying | None = None
    answers: Lining | None = None
    boxes: Lining | None = None

    def __post_init__(self) -> None:
        if self.seeread != FORMAT:
            raise ValueError(f"it is {self.seeread[:40]!r}, and this version of seeread reads {FORMAT!r}")

    def write(self, path: str | os.PathLike[str]) -> None:
        """A JSON file, written whole or not at all. Raises SeereadError if it cannot be."""
        content = json.dumps(to_json(self), indent=1, allow_nan=False)
        lines = _LIST.sub(lambda found: " ".join(found[0].split()), content)  # numbers side by side
        write_whole(Path(path), lambda file: file.write(lines.encode() + b"\n"))


Where = Calibration | str | os.PathLike[str]
"""A calibration, or the path of its file."""


def read_calibration(path: str | os.PathLike[str]) -> Calibration:
    """What `Calibration.write` wrote. Raises DataError for anything else."""
    return read_file(Calibration, path, "calibration", _AGAIN, _MOST_BYTES)


def subject(model: Pretrained) -> Subject:
    """What a calibration of this model says of whom it is of."""
    found = probe(model)
    if found is None:
        return Subject(name=model.origin.name, described=described(model))
    rows = tuple(tuple(round(value, 5) for value in row) for row in found.tolist())
    return Subject(name=model.origin.name, probe=rows)


def calibration_of(model: Pretrained, where: Where) -> Calibration:
    """The calibration, read if it is a path. Raises UsageError if it is of another model, and DataError as above."""
    found = where if isinstance(where, Calibration) else read_calibration(where)
    if not found.model.is_of(model):
        raise UsageError(
            f"The calibration is of {printable(found.model.name)}, and not of this {printable(model.origin.name)}, or "
            f"of it as it was before more training. {_AGAIN}"
        )
    return found
