"""The rows that a benchmark is made of, and what each test of it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from seeread.lab.faithfulness.measured import Kind, Measured

Test = Literal["cause", "pair", "weights", "deletion", "shortcut", "no shortcut"]

TESTS: Mapping[Test, str] = {
    "cause": "how often the map picks, of three things, the one without which the answer suffers most",
    "pair": "how much of the map lies on the thing whose colour, when it changes, changes the answer",
    "weights": "how much the map changes when the weights are shuffled",
    "deletion": "how often the map beats all controls when cells are taken out of the picture and put back",
    "shortcut": "how often the hottest place of the map is the mark that gives the answer away",
    "no shortcut": "the same of a model that never learned the shortcut: its weights are shuffled",
}
"""What each figure is, in words. All are shares, and large is good but in the last, where it is chance."""


@dataclass(frozen=True)
class Row:
    """One method in one test of one model. `model` is its name, or the design of a small model that was taught the
    shortcut. `beats` says whether the method did better than what knows nothing: the lower end of its interval lies
    above the best control, or, where there is none, above what chance gives; None of a control."""

    test: Test
    model: str
    family: str
    method: str
    kind: Kind
    measured: Measured
    beats: bool | None
