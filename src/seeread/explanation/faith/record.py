"""What was measured of a model's explanations in drawn scenes: a small file that comes with the model, so that a map
can say how often its method is right."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seeread.pretrained import Pretrained
from seeread.tasks.certainty.strict import read_file, to_json
from seeread.whole import write_whole

NAME = "faithfulness.json"
"""In the folder of a model."""

FORMAT = "faithfulness 1"
_MOST_BYTES = 1_000_000
_AGAIN = "Measure it again, with seeread explain --benchmark."


@dataclass(frozen=True)
class Figure:
    """A share of scenes, or a mean over them, the bounds that it lies between in 95 of 100 sets of scenes like these,
    and how many there were. `beats` says whether the method did better than maps that know nothing; None of these."""

    score: float
    low: float
    high: float
    count: int
    beats: bool | None = None


@dataclass(frozen=True)
class Record:
    """`figures` are by test and then by method, or control: "random", "centre", "edges". `tests` says what each is."""

    model: str
    version: str
    scenes: int
    seed: int
    tests: Mapping[str, str]
    figures: Mapping[str, Mapping[str, Figure]]
    seeread: str = FORMAT

    def __post_init__(self) -> None:
        if self.seeread != FORMAT:
            raise ValueError(f"it is {self.seeread[:40]!r}, and this version of seeread reads {FORMAT!r}")

    def beats(self, method: str) -> bool | None:
        """Whether a method did better than maps that know nothing where the truth is known: in causes, or in minimal
        pairs. None where it was not measured."""
        found = [each[method].beats for test in ("cause", "pair") if method in (each := self.figures.get(test, {}))]
        return any(found) if found else None

    def sentence(self, method: str) -> str | None:
        """For people; None where the method was not measured."""
        causes = self.figures.get("cause", {})
        if method not in causes:
            return None
        controls = [name for name, figure in causes.items() if figure.beats is None]
        best = max(controls, key=lambda name: causes[name].score, default=None)
        beside = "" if best is None else f", and a map that knows nothing ({best}) does in {causes[best].score:.0%}"
        end = "" if self.beats(method) else " That it knows more than these has not been shown."
        return f"Of drawn things this method finds the one that mattered in {causes[method].score:.0%}{beside}.{end}"

    def write(self, path: str | os.PathLike[str]) -> None:
        """A JSON file, written whole or not at all. Raises SeereadError if it cannot be."""
        content = json.dumps(to_json(self), indent=1, allow_nan=False)
        write_whole(Path(path), lambda file: file.write(content.encode() + b"\n"))


def read_record(path: str | os.PathLike[str]) -> Record:
    """What `Record.write` wrote. Raises DataError for anything else."""
    return read_file(Record, path, "record of explanations", _AGAIN, _MOST_BYTES)


def record_of(model: Pretrained) -> Record | None:
    """The record that came with a model, None where there is none, or it is of another. Raises DataError for one that
    is damaged."""
    folder = model.origin.path if model.origin.path.is_dir() else model.origin.path.parent
    if not (folder / NAME).is_file():
        return None
    found = read_record(folder / NAME)
    return found if found.model == model.origin.name else None
